import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'

it('a socket whose client has gone silent is given up after its heartbeat, and one that only listens is not', async () => {
  await using roomline = await startRoomline()
  const ada = await roomline.signUp()
  const listening = roomline.connect(ada)
  await listening.follow('general')
  const silent = new WebSocket(roomline.urls[0] ?? '', { headers: { cookie: ada.cookie } })
  await new Promise((resolve) => silent.once('open', resolve))
  // It reads nothing any more, and so answers no ping, as if its network were gone.
  silent.pause()
  expect(roomline.nodes[0]?.count().connections).toBe(2)
  // The heartbeat is every 25 s, and an answer is waited for 8 s.
  await until(() => roomline.nodes[0]?.count().connections === 1, 60_000)
  await listening.trpc.session.me.query()
  expect(listening.closed).toEqual([])
  silent.terminate()
}, 90_000)
