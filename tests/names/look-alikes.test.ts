import { describe, expect, it } from 'vitest'
import { lookAlikeKeys, looksReserved, roomNameKeys } from '../../src/server/names/look-alikes'

const share = (a: string[], b: string[]) => a.some((key) => b.includes(key))
const alike = (a: string, b: string) => share(lookAlikeKeys(a), lookAlikeKeys(b))

describe('names look alike', () => {
  it.each([
    ['case', 'Ada Lovelace', 'ADA lovelace'],
    ['width', 'Ada', 'Ａｄａ'],
    ['mathematical letters', 'Ada', '𝐀𝐝𝐚'],
    ['Cyrillic letters', 'Ada', 'Аdа'],
    ['Greek capitals', 'KATE', 'ΚΑΤΕ'],
    ['a Cyrillic name in capitals', 'Анна', 'АННА'],
    ['Cyrillic capitals and Latin ones', 'АННА', 'AHHA'],
    ['a small l for a capital I', 'Ivan', 'lvan'],
    ['a capital I for a small l', 'Alice', 'AIice'],
    ['a small l in capitals', 'ALICE', 'ALlCE'],
    ['digits for letters', 'oliver', '0l1ver'],
    ['rn for m', 'Mormon', 'Morrnon'],
    ['a bar for an l', 'Paul', 'Pau|'],
    ['an invisible space', 'Ada', 'A\u200Bda'],
    ['a soft hyphen', 'Ada', 'Ad\u00ADa'],
    ['a variation selector', '葛城', '葛\u{E0100}城'],
    ['composed and decomposed', 'José', 'Jose\u0301'],
    ['spaces of another kind', 'Ada Lovelace', 'Ada\u00A0 Lovelace'],
    ['a ligature', 'office', 'oﬃce'],
    ['a dotless i', 'mimi', 'mımı'],
    ['Roman numerals', 'Henry VIII', 'Henry Ⅷ'],
    ['a Cherokee letter', 'Darth', 'Ꭰarth'],
  ])('%s: %j and %j', (_, a, b) => {
    expect(alike(a, b)).toBe(true)
    expect(alike(b, a)).toBe(true)
  })

  it.each([
    ['José', 'Jose'],
    ['Ann', 'Anne'],
    ['Ann', 'Ann2'],
    ['Ivan', 'Inan'],
    ['ada', 'ada_'],
    ['Müller', 'Muller'],
    ['山田', '山本'],
    ['person-1', 'person-2'],
    ['user10', 'user11'],
    ['👍', '👎'],
  ])('not %j and %j', (a, b) => {
    expect(alike(a, b)).toBe(false)
  })

  it('a key is short enough to be indexed, whatever the name', () => {
    for (const key of lookAlikeKeys('\uFDFA'.repeat(64))) expect(key.length).toBeLessThanOrEqual(200)
  })

  it('room names also when only punctuation is different', () => {
    for (const other of ['garden plans', 'Garden—Plans!', '#garden-plans', 'gаrden plаns', 'GARDEN_PLANS 🌱'])
      expect(share(roomNameKeys('garden-plans'), roomNameKeys(other)), other).toBe(true)
    expect(share(roomNameKeys('garden-plans'), roomNameKeys('gardenplans'))).toBe(false)
    expect(share(roomNameKeys('АННА'), roomNameKeys('AHHA'))).toBe(true)
    expect(share(roomNameKeys('🌱'), roomNameKeys('🔥'))).toBe(false)
  })
})

describe('reserved names', () => {
  it.each(
    [
      ['room', 'Room', 'r00m', 'rооm', 'ROOM', '@room', 'ro-om', 'ｒｏｏｍ', 'roorn'],
      ['everyone', 'EVERY0NE', 'here', 'Here', 'channel', 'Channe1', 'channeI'],
      ['admin', 'Admin', 'adm1n', 'ADMlN', 'аdmin', 'admin.', '_admin_', 'a.d.m.i.n', 'Administrator', '[admin]'],
      ['system', 'Sуstem', 'SYSTEM', 'deleted', 'Deleted user', 'deleted_user', 'De1eted  user', 'DELETED USER!', 'Dеleted usеr'],
      ['deleted-0123456789ab', 'DeIeted-person', 'Roomline', 'Rooml1ne'],
    ].flat(),
  )('%j', (name) => {
    expect(looksReserved(name)).toBe(true)
  })

  it.each(['ada', 'roommate', 'admins', 'Adam', 'Hereward', 'systems', 'undeleted', 'Chanel', '@', '👍', ''])('not %j', (name) => {
    expect(looksReserved(name)).toBe(false)
  })
})
