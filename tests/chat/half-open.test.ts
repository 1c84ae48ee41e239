import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { startRoomline } from '../support/roomline'
import { until } from '../support/stock-client'

it('the heartbeat: closes the socket of a client that has gone silent, but not of one that only listens', async () => {
  await using roomline = await startRoomline()
  const ada = await roomline.signUp()
  const listening = roomline.connect(ada)
  await listening.follow('general')
  const silent = new WebSocket(roomline.urls[0] ?? '', { headers: { cookie: ada.cookie } })
  await new Promise((resolve) => silent.once('open', resolve))
  // It reads nothing from now on, so it answers no ping, as if its network were gone.
  silent.pause()
  expect(roomline.nodes[0]?.count().connections).toBe(2)
  // A ping goes out every 25 s, and the answer may take 8 s.
  await until(() => roomline.nodes[0]?.count().connections === 1, 60_000)
  await listening.trpc.session.me.query()
  expect(listening.closed).toEqual([])
  silent.terminate()
}, 90_000)
