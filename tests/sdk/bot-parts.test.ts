import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { type BotCommand, type CommandArgs, describeCommands, findBotCommand, parseArgs, parsePattern } from '../../src/sdk/bot/commands'
import { isDone, movePast, readPlace, writePlace } from '../../src/sdk/bot/place'

const command = (pattern: string, args?: BotCommand['options']['args']) => parsePattern(pattern, { ...(args && { args }), run: () => null })

describe('the place of a bot', () => {
  it('messages in their order: it moves on, and holds nothing else', () => {
    let place = { version: 4, seq: 4, ahead: [] as readonly number[] }
    for (const [seq, version] of [
      [5, 5],
      [6, 6],
      [5, 7],
      [7, 8],
    ] as const)
      place = movePast(place, { seq, version })
    expect(place).toEqual({ version: 8, seq: 7, ahead: [] })
  })

  it('a message that was changed while the bot was away: comes after younger ones, and is new all the same', () => {
    const before = { version: 4, seq: 4, ahead: [] }
    const between = movePast(before, { seq: 6, version: 7 })
    expect(between).toEqual({ version: 7, seq: 4, ahead: [6] })
    expect([isDone(between, { seq: 5 }), isDone(between, { seq: 6 }), isDone(between, { seq: 4 })]).toEqual([false, true, true])
    expect(movePast(between, { seq: 5, version: 9 })).toEqual({ version: 9, seq: 6, ahead: [] })
  })

  it('as text: is read again, and what is no place is none', () => {
    const place = { version: 9, seq: 4, ahead: [6, 8] }
    expect(readPlace(writePlace(place))).toEqual(place)
    for (const text of [null, undefined, '', '{', '{}', '[]', '{"version":"1","seq":1,"ahead":[]}']) expect(readPlace(text)).toBeNull()
  })
})

describe('commands', () => {
  it('found: by all their words, the longest first, in any case', () => {
    const commands = ['deploy <service>', 'deploy status', 'roll'].map((pattern) => command(pattern))
    expect(findBotCommand(commands, 'deploy api')).toMatchObject({ command: { pattern: 'deploy <service>' }, rest: 'api' })
    expect(findBotCommand(commands, 'Deploy  STATUS')).toMatchObject({ command: { pattern: 'deploy status' }, rest: '' })
    expect(findBotCommand(commands, 'rolling')).toBeNull()
    expect(findBotCommand(commands, '')).toBeNull()
  })

  it('arguments: by their places, in quotes, or all the rest', async () => {
    const args = async (pattern: string, text: string) => parseArgs(command(pattern), text)
    expect(await args('deploy <service> [version]', 'api v2')).toEqual({ args: { service: 'api', version: 'v2' } })
    expect(await args('deploy <service> [version]', 'api')).toEqual({ args: { service: 'api' } })
    expect(await args('name <a> <b>', '"two words" "a \\" in it"')).toEqual({ args: { a: 'two words', b: 'a " in it' } })
    expect(await args('say <...text>', 'all  of "it"\nstays')).toEqual({ args: { text: 'all  of "it"\nstays' } })
    expect(await args('say [...text]', '')).toEqual({ args: {} })
    expect(await args('deploy <service>', '')).toEqual({ problems: ['service is missing'] })
    expect(await args('deploy <service>', 'api now please')).toEqual({ problems: ['"now please" is too much'] })
  })

  it('a schema: checks and converts them, whichever library it is of', async () => {
    const wait = command('wait <minutes>', z.object({ minutes: z.coerce.number<string>().int().max(60) }))
    expect(await parseArgs(wait, '5')).toEqual({ args: { minutes: 5 } })
    expect(await parseArgs(wait, '90')).toEqual({ problems: ['minutes: Too big: expected number to be <=60'] })
    const own = command('is <word>', {
      '~standard': { version: 1, vendor: 'own', validate: async () => ({ issues: [{ message: 'no', path: [{ key: 'word' }] }] }) },
    })
    expect(await parseArgs(own, 'it')).toEqual({ problems: ['word: no'] })
  })

  it('the types of arguments: come from the pattern', () => {
    expectTypeOf<CommandArgs<'deploy <service> [version]'>>().toExtend<{ service: string; version?: string }>()
    expectTypeOf<{ text: string }>().toExtend<CommandArgs<'say <...text>'>>()
    expectTypeOf<{ service: 1 }>().not.toExtend<CommandArgs<'deploy <service>'>>()
  })

  it('a pattern that makes no sense: throws at once', () => {
    for (const pattern of ['', '<only>', 'a <b> c', 'a [b] <c>', 'a <...b> <c>', 'a <b', 'a <b> <b>'])
      expect(() => command(pattern), pattern).toThrow('createBot')
  })

  it('help: lists them', () => {
    const commands = [parsePattern('roll <sides>', { description: 'rolls a die', run: () => null }), command('stop')]
    expect(describeCommands(commands, '!')).toBe('- `!roll <sides>` rolls a die\n- `!stop`')
  })
})
