import { type BareSocket, openBareSocket } from './bare-socket'

const open: BareSocket[] = []
let listEvents = 0
const retryMs = 500

const subscription = '{"id":1,"method":"subscription","params":{"path":"rooms.onChange"}}'

/** Opens the room lists of all these people at once. Whoever is refused comes back, as a client does. */
export async function openLists({ port, tokens }: { port: number; tokens: string[] }) {
  const since = performance.now()
  const refusals: Record<string, number> = {}
  const listsMs: number[] = []
  let bytesReceived = 0
  const openOne = (token: string): Promise<void> =>
    new Promise((resolve) => {
      const again = (reason: string) => {
        refusals[reason] = (refusals[reason] ?? 0) + 1
        setTimeout(() => void openOne(token).then(resolve), retryMs + Math.random() * retryMs)
      }
      openBareSocket({ port, path: '/trpc', token }).then(
        (socket) => {
          let isLive = false
          open.push(socket)
          socket.onClose = (reason) => {
            open.splice(open.indexOf(socket), 1)
            if (!isLive) again(reason)
          }
          socket.onText = (bytes, start, end) => {
            bytesReceived += end - start
            const head = bytes.toString('latin1', start, Math.min(end, start + 120))
            if (isLive) {
              listEvents++
              return
            }
            if (head.includes('"error"')) {
              const failure = /"failure":"(\w+)"/.exec(bytes.toString('latin1', start, end))?.[1] ?? 'error'
              // The server leaves the socket open; a client would come back on a new one.
              socket.destroy()
              open.splice(open.indexOf(socket), 1)
              return again(failure)
            }
            if (!head.includes('"type":"list"')) return
            isLive = true
            listsMs.push(performance.now() - since)
            resolve()
          }
          socket.send(subscription)
        },
        (error: Error) => again(error.message),
      )
    })
  const late = new Promise<never>((_resolve, reject) => {
    const describe = () =>
      reject(new Error(`${listsMs.length} of ${tokens.length} lists came within two minutes; refused: ${JSON.stringify(refusals)}`))
    setTimeout(describe, 120_000).unref()
  })
  await Promise.race([Promise.all(tokens.map(openOne)), late])
  return { elapsedMs: performance.now() - since, listsMs, refusals, bytes: bytesReceived }
}

/** How many events came to open lists since the last call. */
export async function countListEvents(): Promise<number> {
  const count = listEvents
  listEvents = 0
  return count
}

/** Opens one list, and another one right after it. @returns how long each waited for its list */
export async function openInTurn({ port, tokens }: { port: number; tokens: [string, string] }) {
  const [first, second] = tokens.map((token) => openLists({ port, tokens: [token] }))
  return { firstMs: (await first)?.elapsedMs ?? 0, secondMs: (await second)?.elapsedMs ?? 0 }
}

export async function closeLists(): Promise<void> {
  for (const socket of open.splice(0)) socket.destroy()
}
