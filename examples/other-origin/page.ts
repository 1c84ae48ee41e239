import { createChat } from '@roomline/sdk'

declare const REALTIME_URL: string
declare const ISSUER_URL: string

const find = <Kind extends HTMLElement>(selector: string) => document.querySelector(selector) as Kind
const ofIssuer = (path: string, init: RequestInit = {}) => fetch(`${ISSUER_URL}${path}`, { ...init, credentials: 'include' })

const chat = createChat({
  url: REALTIME_URL,
  // Called at the start and again before each token ends. The room below notices nothing of it.
  auth: async () => {
    const answer = await ofIssuer('/token')
    if (answer.status === 401) return null
    if (!answer.ok) throw new Error(`The issuer answered ${answer.status}.`)
    return answer.text()
  },
})
const room = chat.room('general')

chat.connection.subscribe(showConnection)
showConnection()
function showConnection() {
  const status = chat.connection.get()
  const isOut = status.state === 'signed-out'
  find('#status').textContent = status.state === 'refused' ? `refused: ${status.reason.words}` : status.state
  find('#composer').hidden = isOut
  find('#sign-out').hidden = isOut
  find('#sign-in').hidden = !isOut
}

room.state.subscribe(() => {
  const { messages, unsent } = room.state.get().timeline
  const lines = [
    ...messages.filter(({ text }) => text !== '').map(({ author, text }) => `${author.displayName}: ${text}`),
    ...unsent.map(({ text }) => `… ${text}`),
  ]
  find('#messages').replaceChildren(...lines.map((line) => Object.assign(document.createElement('li'), { textContent: line })))
})

find<HTMLFormElement>('#composer').addEventListener('submit', (event) => {
  event.preventDefault()
  const input = find<HTMLInputElement>('#composer input')
  room.send(input.value)
  input.value = ''
})

find('#sign-out').addEventListener('click', async () => {
  await ofIssuer('/sign-out', { method: 'POST' })
  // Signing out at the issuer ends nothing here until the token does. This ends it at once.
  const { sessionId } = await chat.trpc.session.me.query()
  await chat.trpc.session.revoke.mutate({ sessionId })
})
