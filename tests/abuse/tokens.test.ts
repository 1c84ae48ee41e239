import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Person, postJson, type Roomline, startRoomline } from '../support/roomline'
import { createDoors } from './doors'
import { forgeTokens } from './forged-tokens'

let roomline: Roomline
let ada: Person
beforeAll(async () => {
  roomline = await startRoomline()
  ada = await roomline.signUp('ada')
})
afterAll(() => roomline[Symbol.asyncDispose]())

/** What each door answered to each token, without those that refused it. */
async function findOpenDoors(tokens: Record<string, string>): Promise<string[]> {
  const doors = createDoors(roomline)
  const open: string[] = []
  for (const [form, token] of Object.entries(tokens)) {
    await Promise.all(
      Object.entries(doors).map(async ([door, enter]) => {
        const answer = await enter(token).catch((error: Error) => `failed: ${error.message}`)
        if (answer !== 'UNAUTHORIZED') open.push(`${form} at ${door}: ${answer}`)
      }),
    )
  }
  return open
}

describe('a token', () => {
  it('that was issued gets in at every door', async () => {
    const { token } = await roomline.signIn('ada')
    const answers = await Promise.all(
      Object.entries(createDoors(roomline)).map(async ([door, enter]) => (await enter(token)).startsWith('in') || door),
    )
    expect(answers.filter((answer) => answer !== true)).toEqual([])
  })

  it('that is forged gets in nowhere', async () => {
    const { token: others } = await roomline.signUp()
    const forged = forgeTokens({ token: ada.token, others, secret: roomline.config.authSecrets[0] ?? '' })
    expect(Object.keys(forged).length).toBeGreaterThanOrEqual(25)
    expect(await findOpenDoors(forged)).toEqual([])
  })

  it('of a session or person that is gone gets in nowhere', async () => {
    const { pool, web } = roomline
    const people = {
      'signed out': await roomline.signUp(),
      revoked: await roomline.signUp(),
      'expired in its row': await roomline.signUp(),
      disabled: await roomline.signUp(),
      deleted: await roomline.signUp(),
    }
    const change = (sql: string, { username }: Person) => pool.query(sql, [username])
    await web.logout(postJson('/api/logout', {}, { cookie: people['signed out'].cookie }))
    const ofPerson = 'user_id = (SELECT id FROM users WHERE username = $1)'
    await change(`UPDATE sessions SET revoked_at = now() WHERE ${ofPerson}`, people.revoked)
    await change(`UPDATE sessions SET expires_at = now() WHERE ${ofPerson}`, people['expired in its row'])
    await change('UPDATE users SET disabled_at = now() WHERE username = $1', people.disabled)
    await change('UPDATE users SET deleted_at = now() WHERE username = $1', people.deleted)
    expect(await findOpenDoors(Object.fromEntries(Object.entries(people).map(([form, { token }]) => [form, token])))).toEqual([])
  })

  it('in a URL gets in nowhere', async () => {
    const { token } = await roomline.signIn('ada')
    const http = (roomline.urls[0] ?? '').replace('ws:', 'http:')
    for (const query of ['token', 'X-Token', 'access_token', 'authorization', 'cookie']) {
      const answered = await fetch(`${http}/session.me?${query}=${token}`)
      expect(answered.status, query).toBe(401)
      const session = await roomline.web.session(new Request(`${roomline.config.publicUrl}/api/session?${query}=${token}`))
      expect(session.status, query).toBe(401)
    }
  })
})
