import type { Message } from '../../contract/message'

/** A change as it is sent, without the head of the subscription's frame. Encoded once for all followers. */
export interface EncodedEvent {
  version: number
  bytes: Buffer
}

/** What tRPC's adapter would send for `tracked(String(version), message)`, without the head. */
export function encodeEvent(message: Message): EncodedEvent {
  const id = JSON.stringify(String(message.version))
  const data = `{"id":${id},"data":${JSON.stringify(message)}}`
  return { version: message.version, bytes: Buffer.from(`,"result":{"type":"data","data":${data},"id":${id}}}`) }
}

/** The beginning of every frame of one subscription, which `encodeEvent` continues. */
export function encodeHead({ id, jsonrpc }: { id: number | string; jsonrpc?: string | undefined }): string {
  return JSON.stringify({ id, jsonrpc }).slice(0, -1)
}

/** One whole, unmasked WebSocket text frame for each event, ready to be written to every socket with this head. */
export function joinFrames(head: string, events: readonly EncodedEvent[]): Buffer {
  const start = Buffer.from(head)
  const sizes = events.map(({ bytes }) => start.length + bytes.length)
  const frames = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + lengthOfHeader(size) + size, 0))
  let at = 0
  for (const [index, { bytes }] of events.entries()) {
    at = writeHeader(frames, at, sizes[index] ?? 0)
    at += start.copy(frames, at)
    at += bytes.copy(frames, at)
  }
  return frames
}

/**
 * Whole frames of what tRPC's adapter would send for values that are not tracked, in one buffer.
 * @param values as JSON
 */
export function joinValues(head: string, values: readonly string[]): Buffer {
  const texts = values.map((value) => `${head},"result":{"type":"data","data":${value}}}`)
  const sizes = texts.map((text) => Buffer.byteLength(text))
  const frames = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + lengthOfHeader(size) + size, 0))
  let at = 0
  for (const [index, text] of texts.entries()) {
    at = writeHeader(frames, at, sizes[index] ?? 0)
    at += frames.write(text, at)
  }
  return frames
}

/** RFC 6455, 5.2: FIN and opcode 1, then the length in 7, 16 or 64 bits. */
function writeHeader(frames: Buffer, at: number, size: number): number {
  frames[at] = 0x81
  if (size < 126) {
    frames[at + 1] = size
  } else if (size < 65_536) {
    frames[at + 1] = 126
    frames.writeUInt16BE(size, at + 2)
  } else {
    frames[at + 1] = 127
    frames.writeUInt32BE(0, at + 2)
    frames.writeUInt32BE(size, at + 6)
  }
  return at + lengthOfHeader(size)
}

const lengthOfHeader = (size: number) => (size < 126 ? 2 : size < 65_536 ? 4 : 10)
