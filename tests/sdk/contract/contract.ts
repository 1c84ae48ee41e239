import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changing } from './changing'
import { chats } from './chats'
import { following } from './following'
import { lists } from './lists'
import { members } from './members'
import { presences } from './presences'
import { reading } from './reading'
import { rooms } from './rooms'
import { type ContractServer, type Rules, Scene } from './scene'
import { sending } from './sending'

const areas: Record<string, Rules> = { sending, changing, reading, following, rooms, members, lists, presences, chats }

/**
 * Registers a test for each rule of what clients can rely on. The server in memory and the real one both have to follow all.
 * @param start starts a server that all rules share
 */
export function describeContract(name: string, start: () => Promise<ContractServer>): void {
  describe(`the contract, ${name}`, () => {
    let server: ContractServer
    beforeAll(async () => {
      server = await start()
    })
    afterAll(() => server?.[Symbol.asyncDispose]())
    for (const [area, rules] of Object.entries(areas))
      for (const [rule, check] of Object.entries(rules)) it(`${area}: ${rule}`, () => check(new Scene(server)))

    it('has at least sixty rules', () => {
      expect(Object.values(areas).flatMap((rules) => Object.keys(rules)).length).toBeGreaterThanOrEqual(60)
    })
  })
}
