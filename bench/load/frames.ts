export const opcodes = { text: 1, close: 8, ping: 9, pong: 10 } as const

/** A client's frame. Its mask is all zeros, so the bytes stay as they are. */
export function clientFrame(payload: string | Buffer, opcode: number = opcodes.text): Buffer {
  const length = Buffer.byteLength(payload)
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const frame = Buffer.alloc(2 + lengthBytes + 4 + length)
  frame[0] = 0x80 | opcode
  frame[1] = 0x80 | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127)
  if (lengthBytes === 2) frame.writeUInt16BE(length, 2)
  if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(length), 2)
  if (typeof payload === 'string') frame.write(payload, 6 + lengthBytes)
  else payload.copy(frame, 6 + lengthBytes)
  return frame
}

/** The payload is at `start`..`end` of `bytes`, and only until the listener returns. */
type OnFrame = (opcode: number, bytes: Buffer, start: number, end: number) => void

/**
 * Splits a stream into frames by reading only their headers, so that counting costs less than sending. Takes the first
 * `length` bytes of each chunk, and copies only frames that are split over two chunks.
 */
export function createFrameWalker(onFrame: OnFrame): (chunk: Buffer, length: number) => void {
  let held: Buffer | null = null

  const emit = (bytes: Buffer, at: number, end: number) => {
    const first = bytes[at] ?? 0
    // These servers only write unfragmented frames: anything else would be counted wrongly.
    if ((first & 0xf0) !== 0x80 || (first & 0x0f) === 0) throw new Error(`unexpected frame that begins with 0x${first.toString(16)}`)
    onFrame(first & 0x0f, bytes, at + headerBytes(bytes[at + 1] ?? 0), end)
  }

  return (chunk, length) => {
    let at = 0
    while (held) {
      const end = endOfFrame(held, 0, held.length)
      if (end !== null && held.length >= end) {
        const whole = held
        held = null
        emit(whole, 0, end)
        break
      }
      if (at === length) return
      // While even the header is incomplete, byte by byte.
      const taken = Math.min(end === null ? 1 : end - held.length, length - at)
      held = Buffer.concat([held, chunk.subarray(at, at + taken)])
      at += taken
    }
    for (;;) {
      const end = endOfFrame(chunk, at, length)
      if (end === null || end > length) break
      emit(chunk, at, end)
      at = end
    }
    if (at < length) held = Buffer.from(chunk.subarray(at, length))
  }
}

const headerBytes = (second: number) => ((second & 127) < 126 ? 2 : (second & 127) === 126 ? 4 : 10)

/** Null while the header is incomplete. */
function endOfFrame(bytes: Buffer, at: number, length: number): number | null {
  if (length - at < 2) return null
  const second = bytes[at + 1] ?? 0
  const header = headerBytes(second)
  if (length - at < header) return null
  if (header === 2) return at + 2 + (second & 127)
  return at + header + (header === 4 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2)))
}
