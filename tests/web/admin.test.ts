import { describe, expect, it } from 'vitest'
import { type AuditEntry, auditGroups, auditKinds } from '../../src/contract/audit'
import { actorWords, auditWords, describeAct, detailWords, groupNames, kindWords } from '../../src/web/admin/audit/audit-words'
import { signInWords } from '../../src/web/admin/people/person-row'
import { settingsChanges } from '../../src/web/admin/settings'
import { adminPath, adminSections, parseAdminPath } from '../../src/web/paths'

const entry = (kind: AuditEntry['kind'], rest: Partial<AuditEntry> = {}): AuditEntry => ({
  ...{ id: '1', at: '2026-01-02T03:04:05.000Z', kind, actor: null, subject: null, room: null, ip: null, detail: {} },
  ...rest,
})
const ada = { id: 'a', username: 'ada' }
const gone = { id: 'g', username: null }

describe('audit words', () => {
  it('every kind has a sentence of its own, without a gap left in it', () => {
    const sentences = auditKinds.map((kind) => describeAct(entry(kind, { subject: ada, room: { id: 'r', name: 'Design' } })))
    expect(new Set(sentences).size).toBe(auditKinds.length)
    for (const sentence of sentences) expect(sentence).not.toMatch(/[{}]|undefined|null/)
    for (const kind of auditKinds) expect(kindWords(kind)).toMatch(/^[A-Z][^{}]+$/)
    expect(Object.keys(auditWords)).toEqual([...auditKinds])
    expect(Object.keys(groupNames)).toEqual([...auditGroups])
  })

  it('a person or room that is gone is called that', () => {
    expect(describeAct(entry('room.banned', { subject: gone, room: { id: 'r', name: null } }))).toBe(
      'banned a deleted user from a deleted room',
    )
    expect(describeAct(entry('admin.roomDeleted', { room: { id: 'r', name: null }, detail: { name: 'Attic' } }))).toBe('deleted Attic')
    expect(describeAct(entry('signIn.failed', { detail: { username: 'eve' } }))).toBe('failed to sign in as @eve')
    // Not a pattern for String.replace.
    expect(describeAct(entry('room.created', { room: { id: 'r', name: '$& {person}' } }))).toBe('created $& {person}')
  })

  it('nobody, the operator and people are told apart', () => {
    expect(actorWords(entry('admin.disabled', { actor: ada }))).toBe('@ada')
    expect(actorWords(entry('admin.disabled', { actor: gone }))).toBe('a deleted user')
    expect(actorWords(entry('admin.disabled'))).toBe('The operator')
    expect(actorWords(entry('signIn.failed'))).toBe('Somebody')
    expect(detailWords({ to: 'admin', from: 'member', uses: 3, hours: null, session: 'an id' })).toBe('from member, to admin, uses 3')
  })
})

describe('admin pages', () => {
  it('have paths that lead back to them', () => {
    for (const section of adminSections) expect(parseAdminPath(adminPath(section))).toBe(section)
    for (const path of ['/admin/', '/admin/people', '/admin']) expect(parseAdminPath(path)).toBe('people')
    for (const path of ['/', '/admin/none', '/admin/people/ada', '/administrator', '/admin/constructor'])
      expect(parseAdminPath(path)).toBeNull()
    expect(adminPath('audit', { actor: 'ada', kind: '' })).toBe('/admin/audit?actor=ada')
  })

  it('send only the settings that were changed', () => {
    const settings = { name: 'Roomline', registration: 'open' } as const
    const form = (fields: Record<string, string>) => {
      const data = new FormData()
      for (const [name, value] of Object.entries(fields)) data.set(name, value)
      return data
    }
    expect(settingsChanges(settings, form({ name: ' Roomline ', registration: 'open' }))).toEqual({})
    expect(settingsChanges(settings, form({ name: 'The Shire', registration: 'closed' }))).toEqual({
      name: 'The Shire',
      registration: 'closed',
    })
    // The variable REGISTRATION decides, so the choice is disabled.
    expect(settingsChanges(settings, form({ name: 'Roomline' }))).toEqual({})
  })

  it('say how somebody signs in', () => {
    const person = { role: 'member', hasPassword: true, hasSecondFactor: false, passkeys: 0, externalIssuer: null } as const
    expect(signInWords(person)).toBe('Password')
    expect(signInWords({ ...person, hasSecondFactor: true, passkeys: 2 })).toBe('Password and authenticator app, 2 passkeys')
    expect(signInWords({ ...person, hasPassword: false, externalIssuer: 'https://id.example/realm' })).toBe('id.example')
    expect(signInWords({ ...person, hasPassword: false })).toBe('No way to sign in')
    expect(signInWords({ ...person, role: 'bot' })).toBe('Token')
  })
})
