import { WebSocket } from 'ws'
import { createChat, signIn } from '../../src/sdk'
import { password } from '../support/people'
import { enter, startFreshWhole } from '../support/whole'

/** Start, sign up, send, receive over the SDK, stop: whether Roomline works at all on the Node that runs this. */
const since = performance.now()
const timeout = setTimeout(() => fail(new Error('not done within 120 s')), 120_000)
try {
  const whole = await startFreshWhole()
  process.stdout.write(`Node ${process.version}: started\n`)
  await enter(whole, 'register', 'ada')
  const { token, realtimeUrl } = await signIn(whole.webUrl, { username: 'ada', password })
  const client = createChat({ url: realtimeUrl, auth: token, WebSocket: WebSocket })
  const received = new Promise<string>((resolve, reject) => {
    client.trpc.chat.onMessage.subscribe(
      { room: 'general' },
      {
        onStarted: () => void client.trpc.chat.send.mutate({ room: 'general', text: 'Hello' }).catch(reject),
        onData: ({ data }) => resolve(data.text),
        onError: reject,
      },
    )
  })
  const text = await received
  if (text !== 'Hello') throw new Error(`received ${JSON.stringify(text)}`)
  const page = await fetch(`${whole.webUrl}/login`)
  if (page.status !== 200) throw new Error(`the sign-in page answered ${page.status}`)
  await client.close()
  const code = await whole.stop()
  if (code !== 0) throw new Error(`Roomline stopped with code ${code}:\n${whole.output()}`)
  await whole[Symbol.asyncDispose]()
  process.stdout.write(
    `Node ${process.version}: signed up, sent, received, stopped  ${((performance.now() - since) / 1_000).toFixed(1)} s\n`,
  )
} catch (error) {
  fail(error)
} finally {
  clearTimeout(timeout)
}

function fail(error: unknown): never {
  process.stdout.write(`Node ${process.version}: FAILED: ${error instanceof Error ? error.stack : error}\n`)
  process.exit(1)
}
