import { createInterface } from 'node:readline'
import type { ClientEvent, JudgeCommand } from '../../src/conformance/client/judged-client'
import { type Chat, createChat, readFailure } from '../../src/sdk-package/node-entry'

/** The SDK, as `npm run conformance -- --client` drives it. */
const report = (event: ClientEvent) => void process.stdout.write(`${JSON.stringify(event)}\n`)
let chat: Chat | undefined

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as JudgeCommand
  if (command.do === 'connect') chat = connect(command.url, command.token)
  else if (command.do === 'follow') void follow(command.room, command.after)
  else if (command.do === 'send') send(command.room, command.text, command.clientId)
  else break
}
await chat?.close()
process.stdin.destroy()

function connect(url: string, auth: string): Chat {
  const connected = createChat({ url, auth })
  connected.connection.subscribe(() => {
    const status = connected.connection.get()
    if (status.state === 'signed-out' || status.state === 'refused') report({ event: 'ended', failure: status.reason.name })
  })
  return connected
}

async function follow(room: string, after: string) {
  try {
    for await (const { message, cursor } of chat?.room(room).events({ after }) ?? []) {
      report({ event: 'message', room, id: cursor.split('.')[0] ?? '', seq: message.seq, text: message.text })
    }
  } catch (error) {
    report({ event: 'stopped', room, failure: readFailure(error).name })
  }
}

function send(room: string, text: string, clientId: string) {
  chat
    ?.room(room)
    .send(text, { clientId })
    .done.then(
      ({ seq }) => report({ event: 'sent', clientId, seq }),
      (error: unknown) => report({ event: 'failed', clientId, failure: readFailure(error).name }),
    )
}
