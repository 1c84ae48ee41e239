import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A line between a client and a server that a test can cut. */
export interface TcpProxy {
  port: number
  /** While it is offline, open connections are cut and new ones are refused. */
  setOnline(online: boolean): void
  close(): Promise<void>
}

export async function startTcpProxy(targetPort: () => number): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let online = true
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  }
  const server = createServer((client) => {
    if (!online) return void client.destroy()
    const upstream = connect(targetPort(), '127.0.0.1')
    keep(client)
    keep(upstream)
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
    client.pipe(upstream)
    upstream.pipe(client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    setOnline: (next) => {
      online = next
      if (!online) cut()
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      cut()
      await closed
    },
  }
}
