import { afterAll, beforeAll, it } from 'vitest'
import { type FloodedRoomline, startHttpFlooded } from './http-flooded'
import { httpKinds } from './http-kinds'

let flooded: FloodedRoomline
beforeAll(async () => {
  flooded = await startHttpFlooded()
  await flooded.roomline.pool.query(
    `INSERT INTO messages (room_id, seq, version, author_id, text) SELECT 'general', r.last_seq + n, r.last_version + n, (SELECT id FROM users LIMIT 1), repeat('x', 4000) FROM rooms r, generate_series(1, 100) n WHERE r.id = 'general'`,
  )
  await flooded.roomline.pool.query(`UPDATE rooms SET last_seq = last_seq + 100, last_version = last_version + 100 WHERE id = 'general'`)
  await flooded.measure(1_500)
})
afterAll(() => flooded[Symbol.asyncDispose]())
const only = process.env.FLOOD
it('explore', async () => {
  for (const kind of Object.keys(httpKinds).filter((k) => !only || new RegExp(only).test(k)))
    for (const signedIn of [true, false])
      for (const sockets of [1, 50])
        for (const deaf of kind.startsWith('history') ? [false, true] : [false]) {
          const before = await flooded.measure(1_000)
          const during = await flooded.measureDuring({ kind, signedIn, sockets, deaf }, 2_000)
          process.stdout.write(
            `${kind.padEnd(36)} ${deaf ? 'deaf' : '    '} ${signedIn ? 'person ' : 'address'} x${String(sockets).padEnd(3)} before ${before.p50Ms.toFixed(1)}/${before.p99Ms.toFixed(1)} during ${during.p50Ms.toFixed(1)}/${during.p99Ms.toFixed(1)} (${during.count}) x${(during.p99Ms / before.p99Ms).toFixed(1)} +${during.grownMiB.toFixed(0)} MiB ${JSON.stringify(during.flood)}\n`,
          )
        }
}, 900_000)
