import { type Address, type BareSocket, openBareSocket } from './bare-socket'
import type { Dialogue } from './dialects'

/** Opens a socket and has the dialogue on it. @throws when something else is heard */
export async function openSocket(address: Address, dialogue: Dialogue): Promise<BareSocket> {
  const socket = await openBareSocket(address)
  await converse(socket, dialogue)
  return socket
}

function converse(socket: BareSocket, dialogue: Dialogue): Promise<void> {
  return new Promise((resolve, reject) => {
    let step = 0
    const sayOn = () => {
      for (; ; step++) {
        const part = dialogue[step]
        if (!part) {
          socket.onText = () => {}
          return resolve()
        }
        if ('hear' in part) return
        socket.say(part.say)
      }
    }
    socket.onClose = (reason) => reject(new Error(`a socket was ${reason} before it was of use`))
    socket.onText = (bytes, start, end) => {
      const text = bytes.toString('utf8', start, end)
      const part = dialogue[step]
      if (!part || !('hear' in part) || !text.includes(part.hear)) return reject(new Error(`a server said ${text}`))
      step++
      sayOn()
    }
    sayOn()
  })
}
