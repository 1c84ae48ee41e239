import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claimMissingNames } from '../../src/server/names/claim-missing'
import { type ConnectedPerson, connectPerson } from '../support/connected-people'
import { password } from '../support/people'
import { postJson, type Roomline, startRoomline } from '../support/roomline'
import { failureOf } from '../support/stock-client'

let roomline: Roomline
beforeAll(async () => {
  roomline = await startRoomline({ nodes: 2 })
})
afterAll(() => roomline[Symbol.asyncDispose]())

const person = (name?: string, node = 0) => connectPerson(roomline, { name, node })
const rename = ({ trpc }: ConnectedPerson, displayName: string) => trpc.users.update.mutate({ displayName })

async function register(username: string, displayName?: string): Promise<{ status: number; code?: string; fields?: object }> {
  const response = await roomline.web.register(postJson('/api/register', { username, password, displayName }))
  const { error } = (await response.json()) as { error?: { code: string; fields?: object } }
  return { status: response.status, ...error }
}

describe('the name of a person', () => {
  it('register: a reserved username, and what looks like one, is taken', async () => {
    for (const name of ['room', 'everyone', 'here', 'channel', 'admin', 'system', 'deleted', 'Admin', ' admin ', 'adm1n', 'r00m', 'sy5tem'])
      expect([name, (await register(name)).code]).toEqual([name, name === 'sy5tem' ? undefined : 'USERNAME_TAKEN'])
  })

  it('register: a username that looks like somebody’s username or display name is taken', async () => {
    const olivia = await person('olivia')
    await rename(olivia, 'Mormon Paul')
    await rename(await person('carmen'), 'zo1lo')
    for (const name of ['0livia', 'oiivia', 'carrnen', 'OLIVIA', 'zollo', 'zoilo']) {
      const answer = await register(name)
      expect([name, answer]).toEqual([
        name,
        expect.objectContaining({ status: 409, code: 'USERNAME_TAKEN', fields: { username: 'is taken' } }),
      ])
    }
  })

  it('register: a display name that is somebody’s, or looks like it, is taken', async () => {
    await rename(await person('vera'), 'Vera Rubin')
    for (const displayName of [
      'vera',
      'Vera Rubin',
      'VERA  RUBIN',
      'Vеra Rubin',
      'Ｖera Rubin',
      'admin',
      'Deleted user',
      'System',
      'Everyone',
    ]) {
      const answer = await register(`n${randomUUID().slice(0, 8)}`, displayName)
      expect([displayName, answer]).toEqual([displayName, expect.objectContaining({ status: 409, code: 'NAME_TAKEN' })])
      expect(answer.fields).toEqual({ displayName: 'is taken, or looks too much like another one' })
    }
    const blank = await register('blank-name', '\u3164')
    expect(blank).toMatchObject({ status: 400, fields: { displayName: "can't have invisible characters" } })
    expect(await register('blank-name')).toMatchObject({ status: 201 })
  })

  it('a failed registration leaves nothing behind', async () => {
    await rename(await person('marie'), 'Marie Curie')
    expect((await register('irene', 'Marie Curie')).code).toBe('NAME_TAKEN')
    expect((await register('irene', 'Irene Curie')).status).toBe(201)
  })

  it('update: nobody can take the name of somebody else, and everybody can keep their own', async () => {
    const grace = await person('grace')
    const other = await person()
    await rename(grace, 'Grace Hopper')
    for (const name of [
      'Grace Hopper',
      'grace',
      'GRACE',
      'Graсe Hopper',
      'Grace\u00A0Hopper',
      'Deleted user',
      'Dеleted  User',
      'Adm1n',
      '@everyone',
    ])
      expect([name, await failureOf(rename(other, name))]).toEqual([name, 'NAME_TAKEN'])
    for (const name of ['\u3164', 'a\u202Eb', 'a\nb', 'Gr\u200Bace', '\u2800'])
      expect([name, await failureOf(rename(other, name))]).toEqual([name, 'BAD_REQUEST'])
    expect((await other.trpc.users.me.query()).displayName).toBe(other.username)
    expect((await rename(grace, 'GRACE HOPPER')).displayName).toBe('GRACE HOPPER')
    expect((await rename(grace, 'grace')).displayName).toBe('grace')
    expect((await grace.trpc.users.update.mutate({ status: 'compiling' })).displayName).toBe('grace')
  })

  it('update: a name that was given up is free again', async () => {
    const [ada, ben] = [await person(), await person()]
    await rename(ada, 'Augusta')
    expect(await failureOf(rename(ben, 'Augusta'))).toBe('NAME_TAKEN')
    await rename(ada, 'Countess of Lovelace')
    await rename(ben, 'Augusta')
    expect(await failureOf(rename(ada, 'augusta'))).toBe('NAME_TAKEN')
  })

  it('of many people who choose names that look alike at once, one gets it', async () => {
    const people = await Promise.all(Array.from({ length: 6 }, (_, index) => person(undefined, index % 2)))
    const forms = ['Emmy Noether', 'EMMY NOETHER', 'Emmy Nоether', 'Emrny Noether', 'emmy  noether', 'Ｅmmy Noether']
    const outcomes = await Promise.all(
      people.map((each, index) =>
        rename(each, forms[index] ?? '').then(
          () => 'renamed',
          () => 'refused',
        ),
      ),
    )
    expect(outcomes.filter((outcome) => outcome === 'renamed')).toHaveLength(1)
    const usernames = ['lise-meitner', 'l1se-meitner', 'lise-rneitner', 'iise-meitner']
    const statuses = await Promise.all(usernames.map(async (name) => (await register(name)).status))
    expect(statuses.sort()).toEqual([201, 409, 409, 409])
  })

  it('of a deleted account is free again', async () => {
    const first = await person('hedy')
    await rename(first, 'Hedy Lamarr')
    await first.trpc.users.deleteAccount.mutate({ password })
    expect(await register('hedy', 'Hedy Lamarr')).toMatchObject({ status: 201 })
    await (await person('rosalind')).trpc.users.deleteAccount.mutate({ password })
    expect(await register('rosalind')).toMatchObject({ status: 201 })
  })

  it('existing namesakes keep their names after an upgrade, and new ones are refused', async () => {
    await roomline.pool.query(
      `INSERT INTO users (username, display_name, created_at) VALUES ('chien', 'Wu', now() - interval '3 days'), ('shiung', 'WU', now() - interval '2 days')`,
    )
    await claimMissingNames(roomline.pool)
    await claimMissingNames(roomline.pool)
    const { rows } = await roomline.pool.query(
      `SELECT n.key, u.username FROM person_names n JOIN users u ON u.id = n.user_id WHERE u.username IN ('chien', 'shiung') ORDER BY key`,
    )
    expect(rows).toEqual([
      { key: 'chlen', username: 'chien' },
      { key: 'shlung', username: 'shiung' },
      { key: 'wu', username: 'chien' },
    ])
    expect((await register('wu')).code).toBe('USERNAME_TAKEN')
  })
})
