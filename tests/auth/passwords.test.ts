import { dictionary } from '@zxcvbn-ts/language-common'
import { describe, expect, it } from 'vitest'
import { password as passwordSchema, username as usernameSchema } from '../../src/contract/session'
import { requireAcceptablePassword } from '../../src/server/auth/password-strength'
import { hashPassword, verifyPassword } from '../../src/server/auth/passwords'
import { password } from '../support/people'
import { report } from '../support/report'

const asker = { line: 'test', isKnown: false }
const judge = (candidate: string, known: string[] = ['ada', 'Ada Lovelace', 'Roomline', 'chat.example']) =>
  requireAcceptablePassword(candidate, known, asker).then(
    () => null,
    (error) => error.detail.fields?.password ?? String(error),
  )
const mostCommon = dictionary['passwords-common'].filter((each) => each.length >= 8)

describe('a password', () => {
  it('of the 3,000 most common ones is refused, in other letter cases too', async () => {
    const accepted: string[] = []
    for (const [index, common] of mostCommon.slice(0, 3_000).entries()) {
      // Each takes some milliseconds: the first, and then one of many.
      if (index < 150 || index % 25 === 0) {
        for (const variant of [common, `${common[0]?.toUpperCase()}${common.slice(1)}`])
          if ((await judge(variant)) === null) accepted.push(variant)
      }
    }
    expect(accepted).toEqual([])
  })

  it.each([
    ...['password', 'Passw0rd!', '12345678', 'qwertyuiop', 'aaaaaaaa', 'abcabcabc', 'iloveyou2', '1q2w3e4r', 'Sunshine2024!', '87654321'],
    ...['P@ssw0rd', 'Aa123456', 'Pass@123', 'Abcd@1234', 'admin123', 'welcome123', 'qazwsxedc', 'p@$$w0rd'.repeat(16), 'Summer2026'],
  ])('%s is refused, with how to do better', async (common) =>
    expect(await judge(common)).toMatch(/^is too \w+( to guess)?\. [A-Z].{20,}[^.]$/),
  )

  it.each([
    ...[
      'username1',
      'Username!',
      'username123',
      'emanresu1',
      'us3rn4m3!',
      '2026username',
      'my-username',
      'usernameusername',
      'USERNAME2026!',
    ],
    ...['lovelace1', 'adalovelace', 'AdaLovelace99', 'l0v3l4c3!', 'ecalevol1', 'lovelace ada', 'Quiltbarn2026', 'müllerin1'],
  ])('%s is refused: it is made of what is known of the person', async (guessable) =>
    expect(await judge(guessable, ['username', 'Ada Lovelace Müllerin', 'Quiltbarn'])).toMatch(/your name/),
  )

  it.each([
    password,
    'correct-horse-battery',
    'Tr0ub4dor&3x',
    'ぱすわーどですよね',
    'hunter2hunter3',
    'ada likes green tea',
    'x7Gq-29sLw-p',
  ])('%s is accepted', async (uncommon) => expect(await judge(uncommon)).toBeNull())

  it('made to be slow to score holds nothing up', async () => {
    let longest = 0
    let last = performance.now()
    const ticks = setInterval(() => {
      longest = Math.max(longest, performance.now() - last)
      last = performance.now()
    }, 1)
    const startedAt = performance.now()
    for (const slow of ['p@$$w0rd1!|+7%2{[<s3cr3t$$@@001133!!||ll'.repeat(3), '1/1/1991-12.12.12'.repeat(7), '!1|il'.repeat(25)])
      await judge(slow.slice(0, 128))
    clearInterval(ticks)
    report('scoring', {
      'ms each': Math.round((performance.now() - startedAt) / 3),
      'longest pause of the event loop': `${Math.round(longest)} ms`,
    })
  })

  it('is the same in NFC and NFD', async () => {
    const [nfc, nfd] = ['Zoë naïve café'.normalize('NFC'), 'Zoë naïve café'.normalize('NFD')]
    expect(await verifyPassword(await hashPassword(nfd, asker), nfc, asker)).toBe(true)
    expect(await verifyPassword(await hashPassword(nfc, asker), nfd, asker)).toBe(true)
    expect(await verifyPassword(await hashPassword(nfc, asker), 'Zoe naive cafe', asker)).toBe(false)
  })

  it('has 8 to 128 characters after NFC', () => {
    const isAllowed = (value: string) => passwordSchema.safeParse(value).success
    const e = 'é'.normalize('NFD')
    expect([isAllowed(e.repeat(7)), isAllowed(e.repeat(8)), isAllowed(e.repeat(128)), isAllowed(e.repeat(129))]).toEqual([
      false,
      true,
      true,
      false,
    ])
    expect([isAllowed('😀'.repeat(7)), isAllowed('😀'.repeat(8)), isAllowed('😀'.repeat(128)), isAllowed('😀'.repeat(129))]).toEqual([
      false,
      true,
      true,
      false,
    ])
    expect(isAllowed(`good long ${'\ud800'} one`)).toBe(false)
  })
})

describe('a username', () => {
  it('is trimmed and folded', () => {
    expect(usernameSchema.parse('  Ada_L\t')).toBe('ada_l')
    expect(usernameSchema.safeParse('a da').success).toBe(false)
    expect(usernameSchema.safeParse(`${' '.repeat(40)}ada`).success).toBe(true)
  })
})
