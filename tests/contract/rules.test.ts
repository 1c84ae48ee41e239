import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import {
  countCharacters,
  cutQuote,
  cutText,
  hasRoomRole,
  hasServerRole,
  isModerator,
  isUsername,
  isUuid,
  limits,
  outranks,
  type RoomRole,
  roomRoles,
  type ServerRole,
  toSlug,
} from '../../src/contract/rules'

describe('texts', () => {
  it('are counted in code points, as Postgres counts them', () => {
    expect(countCharacters('')).toBe(0)
    expect(countCharacters('abc')).toBe(3)
    expect(countCharacters('👍')).toBe(1)
    expect(countCharacters('👨‍👩‍👧')).toBe(5)
    expect(countCharacters('é')).toBe(1)
  })

  it('are cut after whole characters, with an ellipsis', () => {
    expect(cutText('abc', 3)).toBe('abc')
    expect(cutText('abcd', 3)).toBe('abc…')
    expect(cutText('👍👍👍', 3)).toBe('👍👍👍')
    expect(cutText('👍👍👍👍', 3)).toBe('👍👍👍…')
    expect(cutText('abc👍', 3)).toBe('abc…')
  })

  it('are quoted up to the limit', () => {
    expect(cutQuote('x'.repeat(limits.quote))).toBe('x'.repeat(limits.quote))
    expect(cutQuote('👍'.repeat(4_000))).toBe(`${'👍'.repeat(limits.quote)}…`)
  })
})

describe('names', () => {
  it.each([
    ['ada', true],
    ['a.b_c-9', true],
    ['x'.repeat(limits.username.max), true],
    ['x'.repeat(limits.username.max + 1), false],
    ['a', false],
    ['Ada', false],
    ['ada ', false],
    ['ada\n', false],
    ['ädä', false],
  ])('usernames: %j', (name, expected) => {
    expect(isUsername(name)).toBe(expected)
  })

  it.each([
    ['Über uns!', 'über-uns'],
    ['  general  ', 'general'],
    ['ＡＢＣ', 'abc'],
    ['日本語', '日本語'],
    ['--a--b--', 'a-b'],
    ['!!!', ''],
  ])('slugs: %j', (name, slug) => {
    expect(toSlug(name)).toBe(slug)
  })

  it('ids of private rooms are UUIDs', () => {
    expect(isUuid('0190163d-8694-739b-aea5-966c26f8ad91')).toBe(true)
    expect(isUuid('0190163D-8694-739B-AEA5-966C26F8AD91')).toBe(true)
    expect(isUuid('general')).toBe(false)
    expect(isUuid('x0190163d-8694-739b-aea5-966c26f8ad91')).toBe(false)
  })
})

describe('roles', () => {
  it('are ordered', () => {
    expect(hasServerRole('bot', 'guest')).toBe(true)
    expect(hasServerRole('bot', 'member')).toBe(false)
    expect(hasRoomRole('owner', 'moderator')).toBe(true)
    expect(hasRoomRole('member', 'moderator')).toBe(false)
    expect(hasRoomRole(null, 'member')).toBe(false)
  })

  it('moderators, owners and admins moderate', () => {
    expect(roomRoles.filter((room) => isModerator({ server: 'member', room }))).toEqual(['moderator', 'owner'])
    expect(isModerator({ server: 'admin', room: null })).toBe(true)
    expect(isModerator({ server: 'member', room: null })).toBe(false)
  })

  it('admins and owners outrank everybody, moderators only plain members and people outside', () => {
    const rooms: (RoomRole | null)[] = [null, ...roomRoles]
    const servers: ServerRole[] = ['member', 'admin']
    const outranked = (actor: { server: ServerRole; room: RoomRole | null }) =>
      servers.flatMap((server) => rooms.filter((room) => outranks(actor, { server, room })).map((room) => `${server} ${room}`))
    const everybody = servers.flatMap((server) => rooms.map((room) => `${server} ${room}`))
    expect(outranked({ server: 'admin', room: null })).toEqual(everybody)
    expect(outranked({ server: 'member', room: 'owner' })).toEqual(everybody)
    expect(outranked({ server: 'member', room: 'moderator' })).toEqual(['member null', 'member member'])
    expect(outranked({ server: 'member', room: 'member' })).toEqual([])
    expect(outranked({ server: 'member', room: null })).toEqual([])
  })
})

describe('the database', () => {
  const folder = fileURLToPath(new URL('../../prisma/migrations', import.meta.url))
  const sql = readdirSync(folder)
    .filter((name) => !name.includes('.'))
    .map((name) => readFileSync(path.join(folder, name, 'migration.sql'), 'utf8'))
    .join('\n')

  it('checks the same limits', () => {
    expect(sql).toContain(`CHECK ("username" ~ '^[a-z0-9_.-]{${limits.username.min},${limits.username.max}}$')`)
    expect(sql).toContain(`CHECK (char_length("text") <= ${limits.messageText})`)
    expect(sql).toContain(`CHECK (char_length("client_id") BETWEEN ${limits.clientId.min} AND ${limits.clientId.max})`)
  })
})
