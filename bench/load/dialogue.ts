import { type Address, type BareSocket, openBareSocket } from './bare-socket'
import type { Dialogue } from './dialects'

/** Opens a socket and goes through the dialogue. @throws when the server sends something else */
export async function openSocket(address: Address, dialogue: Dialogue): Promise<BareSocket> {
  const socket = await openBareSocket(address)
  await runDialogue(socket, dialogue)
  return socket
}

function runDialogue(socket: BareSocket, dialogue: Dialogue): Promise<void> {
  return new Promise((resolve, reject) => {
    let step = 0
    const continueDialogue = () => {
      for (; ; step++) {
        const part = dialogue[step]
        if (!part) {
          socket.onText = () => {}
          return resolve()
        }
        if ('expect' in part) return
        socket.send(part.send)
      }
    }
    socket.onClose = (reason) => reject(new Error(`a socket was ${reason} before it was ready`))
    socket.onText = (bytes, start, end) => {
      const text = bytes.toString('utf8', start, end)
      const part = dialogue[step]
      if (!part || !('expect' in part) || !text.includes(part.expect)) return reject(new Error(`unexpected answer from a server: ${text}`))
      step++
      continueDialogue()
    }
    continueDialogue()
  })
}
