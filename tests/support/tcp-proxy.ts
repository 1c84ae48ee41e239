import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** What happens to the bytes of one direction. */
export interface Flow {
  /** Each chunk arrives this much later, in order. */
  delayMs?: number
  /** At most this fast. */
  bytesPerSecond?: number
  /** Bytes, and the end of the connection, are held back until the fault is lifted: a hanging line. */
  hold?: boolean
  /** Bytes, and the end of the connection, are lost: a black hole. */
  swallow?: boolean
}

export interface LineFault {
  toServer?: Flow
  toClient?: Flow
}

/** Gets the bytes of one connection on their way, and writes what should arrive, now or later. */
export type Rewrite = (chunk: Buffer, write: (bytes: Buffer) => void) => void

/** A line between clients and a server that a test can disturb and cut. */
export interface TcpProxy {
  port: number
  /** While it is offline, open connections are cut and new ones are refused. */
  setOnline(online: boolean): void
  /**
   * What happens to bytes from now on, in open connections and new ones; `{}` mends the line. A connection that lost
   * bytes is cut when the line is mended, because nobody could make sense of the rest.
   */
  setFault(fault: LineFault): void
  /** Cuts every open connection; new ones may be opened. @returns how many */
  cut(): number
  /** Ends one direction of every open connection, as a peer does that will only read from now on. */
  halfClose(direction: keyof LineFault): void
  /** How many connections are open. */
  count(): number
  close(): Promise<void>
}

interface Line {
  client: Socket
  server: Socket | null
  lostBytes: boolean
  directions: Direction[]
}

interface Direction {
  name: keyof LineFault
  from: Socket
  to: Socket
  /** Passes on what is due. */
  flush(): void
}

/** With more bytes waiting than this, the sender is paused. */
const maxWaitingBytes = 256 * 1024

/** @param targetPort called for each connection, as a restarted server may have another port; null refuses the connection */
export async function startTcpProxy(targetPort: () => number | null, options: { toClient?: () => Rewrite } = {}): Promise<TcpProxy> {
  const lines = new Set<Line>()
  let online = true
  let fault: LineFault = {}

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    client.on('error', () => {})
    const port = targetPort()
    if (!online || port === null) return void client.destroy()
    const line: Line = { client, server: null, lostBytes: false, directions: [] }
    lines.add(line)
    client.on('close', () => closed(line, client))
    if (fault.toServer?.swallow) {
      // The server must not hear of this client.
      line.lostBytes = true
      client.resume()
      return
    }
    const upstream = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    line.server = upstream
    upstream.on('error', () => {})
    upstream.on('close', () => closed(line, upstream))
    line.directions = [relay(line, 'toServer', client, upstream), relay(line, 'toClient', upstream, client, options.toClient?.())]
  })

  /** One end has closed. The other end is closed too, unless the line swallows or holds everything. */
  function closed(line: Line, end: Socket) {
    const other = end === line.client ? line.server : line.client
    const direction = line.directions.find(({ from }) => from === end)
    const flow = fault[direction?.name ?? 'toServer']
    if (flow?.swallow || flow?.hold) line.lostBytes = true
    else other?.destroy()
    if (!other || other.destroyed) lines.delete(line)
  }

  function relay(line: Line, name: keyof LineFault, from: Socket, to: Socket, rewrite?: Rewrite): Direction {
    const waiting: { bytes: Buffer | null; dueAt: number; through?: number }[] = []
    let bytesWaiting = 0
    let timer: NodeJS.Timeout | undefined
    let freeAt = 0
    let blocked = false

    const enqueue = (bytes: Buffer | null) => {
      const flow = fault[name]
      if (to.destroyed) return
      waiting.push({ bytes, dueAt: performance.now() + (flow?.delayMs ?? 0) })
      bytesWaiting += bytes?.length ?? 0
      flush()
      if (bytesWaiting > maxWaitingBytes) from.pause()
    }
    const flush = () => {
      clearTimeout(timer)
      while (waiting[0] && !blocked && !to.destroyed) {
        const { hold, bytesPerSecond } = fault[name] ?? {}
        if (hold) return
        const [next] = waiting
        const { bytes } = next
        const now = performance.now()
        if (bytesPerSecond && bytes) next.through ??= Math.max(now, freeAt) + (bytes.length / bytesPerSecond) * 1_000
        const passAt = Math.max(next.dueAt, (bytesPerSecond && next.through) || 0)
        if (passAt > now) {
          timer = setTimeout(flush, passAt - now)
          return
        }
        freeAt = next.through ?? 0
        waiting.shift()
        if (bytes === null) {
          to.end()
          return
        }
        bytesWaiting -= bytes.length
        blocked = !to.write(bytes)
      }
      if (bytesWaiting <= maxWaitingBytes && !blocked) from.resume()
    }
    to.on('drain', () => {
      blocked = false
      flush()
    })
    to.on('close', () => clearTimeout(timer))
    from.on('data', (chunk: Buffer) => {
      if (fault[name]?.swallow) {
        line.lostBytes = true
        return
      }
      if (rewrite) rewrite(chunk, enqueue)
      else enqueue(chunk)
      if (blocked) from.pause()
    })
    from.on('end', () => {
      if (fault[name]?.swallow) line.lostBytes = true
      else enqueue(null)
    })
    return { name, from, to, flush }
  }

  function cutLine(line: Line) {
    lines.delete(line)
    line.client.destroy()
    line.server?.destroy()
  }
  function cut(): number {
    const open = [...lines]
    for (const line of open) cutLine(line)
    return open.length
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    setOnline: (next) => {
      online = next
      if (!online) cut()
    },
    setFault: (next) => {
      fault = next
      for (const line of [...lines]) {
        const isMended = !fault.toServer?.swallow && !fault.toClient?.swallow
        if (isMended && line.lostBytes) cutLine(line)
        else for (const direction of line.directions) direction.flush()
      }
    },
    cut,
    halfClose: (name) => {
      for (const line of lines) for (const direction of line.directions) if (direction.name === name) direction.to.end()
    },
    count: () => lines.size,
    close: async () => {
      const closing = new Promise((resolve) => server.close(resolve))
      cut()
      await closing
    },
  }
}
