import { describe, expect, it, vi } from 'vitest'
import { plainText } from '../../src/contract/markdown/plain-text'
import type { Chat } from '../../src/sdk'
import { createTestRoom } from '../../src/sdk/testing'
import { commandsIn, findCommand, findUnknownCommand, runCommand } from '../../src/web/room/composer/commands'

const room = createTestRoom({ role: 'owner' })
const commands = commandsIn(room)

async function sentBy(text: string): Promise<string | undefined> {
  const found = findCommand(text, commands)
  if (!found) throw new Error(`not a command: ${text}`)
  const send = vi.fn<(text: string) => void>()
  await runCommand(found, { client: {} as Chat, room, send, onLeave: () => {} })
  return send.mock.calls[0]?.[0]
}

describe('commands', () => {
  it.each([
    ['/shrug', '¯\\_(ツ)_/¯'],
    ['/SHRUG no idea', 'no idea ¯\\_(ツ)_/¯'],
    ['/shrug _who_ knows_', 'who knows_ ¯\\_(ツ)_/¯'],
  ])('the face is shown as it is: %s', async (text, shown) => {
    expect(plainText((await sentBy(text)) ?? '')).toBe(shown)
  })

  it.each(['/shrugs', 'a /shrug', '//shrug', '/usr/bin', '/', '/1'])('are not: %s', (text) => {
    expect(findCommand(text, commands)).toBeNull()
  })

  it('a name that no command has is called so, but no path and no beginning of a name', () => {
    expect(findUnknownCommand('/topik new', commands)).toBe('topik')
    for (const text of ['/usr/bin', '/top', '/topic', 'a /topik']) expect(findUnknownCommand(text, commands)).toBeNull()
  })
})
