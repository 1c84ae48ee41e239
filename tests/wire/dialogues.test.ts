import { writeFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { playDialogue } from './dialogue-player'
import { createNormalizer, protocolFile, readDialogues, readProtocol, readSteps, writeSteps } from './dialogues'

const text = readProtocol()
const dialogues = readDialogues(text)
/** With UPDATE_DIALOGUES=1, the document gets the frames of this run: look at what has changed before you keep it. */
const isUpdating = process.env.UPDATE_DIALOGUES === '1'
const played = new Map<number, string>()

describe('docs/protocol.md', () => {
  it('dialogues: there is one for each thing that a client has to know', () => {
    expect(dialogues.length).toBeGreaterThanOrEqual(16)
  })

  it.concurrent.each(dialogues)('$title: real servers answer as it is written', { timeout: 60_000 }, async (dialogue) => {
    const steps = await playDialogue(dialogue)
    played.set(dialogue.start, writeSteps(steps))
    if (!isUpdating) expect(steps).toEqual(dialogue.steps)
  })

  it('dialogues: a frame that differs, is missing or is too much is noticed', async () => {
    const [dialogue] = readDialogues(
      '## Test\n```frames\nconnect /trpc  Cookie: X-Token=<ada>\n→ {"id":1,"method":"query","params":{"path":"session.nothing"}}\n← {"id":2}\n```\n',
    )
    const steps = dialogue ? await playDialogue(dialogue) : []
    expect(steps).not.toEqual(dialogue?.steps)
    expect(JSON.stringify(steps)).toContain('NO_SUCH_PROCEDURE')
  })

  it('dialogues: are written as they are read, in lines that fit', () => {
    const block = text.slice(dialogues[0]?.start, dialogues[0]?.end)
    expect(readSteps(writeSteps(readSteps(block)))).toEqual(readSteps(block))
    const long = readSteps(`← {"id":1,${Array.from({ length: 40 }, (_, index) => `"key${index}":"value, with a comma"`).join()}}`)
    expect(writeSteps(long).split('\n').length).toBeGreaterThan(5)
    expect(readSteps(writeSteps(long))).toEqual(long)
    const { toDocument, fromDocument } = createNormalizer()
    const id = '4f0c9f2e-7f55-4d0e-9a55-2f8a3a6b1c2d'
    expect(toDocument(`{"id":"${id}"}`)).toBe('{"id":"00000000-0000-4000-8000-000000000001"}')
    expect(fromDocument('{"id":"00000000-0000-4000-8000-000000000001"}')).toBe(`{"id":"${id}"}`)
  })

  afterAll(() => {
    if (!isUpdating) return
    let updated = text
    for (const { start, end } of [...dialogues].reverse())
      updated = updated.slice(0, start) + (played.get(start) ?? updated.slice(start, end)) + updated.slice(end)
    writeFileSync(protocolFile, updated)
  })
})
