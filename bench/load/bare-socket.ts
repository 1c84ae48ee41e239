import { randomBytes } from 'node:crypto'
import net from 'node:net'
import { clientFrame, createFrameWalker, opcodes } from './frames'

/** A minimal WebSocket client, so that the load costs as little as possible. */
export interface BareSocket {
  send(text: string): void
  /** Called for each text frame. The text is at `start`..`end` of `bytes`, and only until this returns. */
  onText: (bytes: Buffer, start: number, end: number) => void
  onClose: (reason: string) => void
  destroy(): void
}

/** All sockets read into this buffer: each is done with it before the next one reads. */
const shared = Buffer.allocUnsafe(64 * 1024)

export interface Address {
  port: number
  path: string
  token?: string | undefined
}

/** Resolves when the server has accepted the upgrade. */
export function openBareSocket({ port, path, token }: Address): Promise<BareSocket> {
  return new Promise((resolve, reject) => {
    let head: string | null = ''
    const walk = createFrameWalker((opcode, bytes, start, end) => {
      if (opcode === opcodes.text) socket.onText(bytes, start, end)
      else if (opcode === opcodes.ping) wire.write(clientFrame(Buffer.from(bytes.subarray(start, end)), opcodes.pong))
      else if (opcode === opcodes.close) closed(`closed with ${end - start >= 2 ? bytes.readUInt16BE(start) : 'no code'}`)
    })
    const receive = (length: number, chunk: Buffer) => {
      if (head === null) return walk(chunk, length)
      head += chunk.toString('latin1', 0, length)
      const end = head.indexOf('\r\n\r\n')
      if (end === -1) return
      const rest = Buffer.from(head.slice(end + 4), 'latin1')
      const [status = ''] = head.split('\r\n', 1)
      head = null
      if (!status.includes(' 101 ')) return closed(`refused: ${status}`)
      resolve(socket)
      // Only after the caller has set its listeners, so that the first frames are not lost.
      if (rest.length > 0) queueMicrotask(() => walk(rest, rest.length))
    }
    const wire = net.connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: shared,
        callback: (length, chunk) => {
          receive(length, chunk as Buffer)
          return true
        },
      },
    })
    let isClosed = false
    const closed = (reason: string) => {
      if (isClosed) return
      isClosed = true
      wire.destroy()
      reject(new Error(`a socket was ${reason}`))
      socket.onClose(reason)
    }
    const socket: BareSocket = {
      send: (text) => void wire.write(clientFrame(text)),
      onText: () => {},
      onClose: () => {},
      destroy: () => {
        isClosed = true
        // A reset leaves no port in TIME_WAIT, however many sockets a run opens.
        wire.resetAndDestroy()
      },
    }
    wire.on('error', (error) => closed(`lost: ${error.message}`))
    wire.on('close', () => closed('ended by the server'))
    wire.write(
      [
        `GET ${path} HTTP/1.1`,
        `Host: 127.0.0.1:${port}`,
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
        ...(token ? [`Cookie: X-Token=${token}`] : []),
        '\r\n',
      ].join('\r\n'),
    )
  })
}
