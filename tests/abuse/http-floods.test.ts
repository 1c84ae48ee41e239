import { afterAll, beforeAll, it } from 'vitest'
import { type FloodedRoomline, startFloodedRoomline } from './flooded-roomline'

let flooded: FloodedRoomline
beforeAll(async () => {
  flooded = await startFloodedRoomline()
})
afterAll(() => flooded[Symbol.asyncDispose]())

it.each([
  { kind: 'history, 100 in a batch', signedIn: true, sockets: 50 },
  { kind: 'session.me', signedIn: true, sockets: 50 },
  { kind: 'session.me, pipelined', signedIn: false, sockets: 50 },
  { kind: 'forged tokens', signedIn: false, sockets: 50 },
  { kind: 'chunks of one byte', signedIn: true, sockets: 50 },
])('http: others hardly notice a flood of $kind (signed in: $signedIn)', { timeout: 60_000 }, (plan) =>
  flooded.expectHarmless({ over: 'HTTP', ...plan }),
)
