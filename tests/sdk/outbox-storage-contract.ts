import type { OutboxStorage, Unsent } from '../../src/sdk/outbox-storage'

const message = (clientId: string, text = clientId): Unsent => ({
  state: 'pending',
  room: 'general',
  clientId,
  text,
  time: '2026-01-01T00:00:00.000Z',
})

/**
 * Checks the contract of an outbox storage. It needs no test runner, so that it also runs inside a page.
 * @param open returns the storage of an owner; if it is `lasting`, opening it again must return what was stored
 * @returns the broken promises
 */
export async function findBrokenPromises(open: (owner: string) => OutboxStorage, { lasting }: { lasting: boolean }): Promise<string[]> {
  const broken: string[] = []
  const check = (promise: string, kept: boolean) => {
    if (!kept) broken.push(promise)
  }
  const texts = async (storage: OutboxStorage) => (await storage.load()).map(({ text }) => text).join()
  const ada = open('ada')
  check('starts empty', (await texts(ada)) === '')
  await Promise.all(['one', 'two', 'three'].map((text) => ada.put(message(text))))
  check('keeps messages in the order they were put', (await texts(ada)) === 'one,two,three')
  const failed: Unsent = { ...message('two', 'two, failed'), state: 'failed', reason: { name: 'ROOM_ARCHIVED', words: '', retry: false } }
  await ada.put(failed)
  check('replaces a message without moving it', (await texts(ada)) === 'one,two, failed,three')
  check('returns a message unchanged', JSON.stringify((await ada.load())[1]) === JSON.stringify(failed))
  const author = { id: 'ben', username: 'ben', displayName: 'Ben', avatar: null }
  const answer: Unsent = { ...message('answer'), replyTo: { seq: 3, author, text: 'What do you think?' } }
  await ada.put(answer)
  check('keeps what a message answers', JSON.stringify((await ada.load())[3]) === JSON.stringify(answer))
  await ada.remove('answer')
  await ada.remove('one')
  await ada.remove('one')
  await ada.remove('never put')
  check('removes a message, and no other', (await texts(ada)) === 'two, failed,three')
  check('keeps the messages of different owners apart', (await texts(open('ben'))) === '')
  if (lasting) check('still has it when it is opened again', (await texts(open('ada'))) === 'two, failed,three')
  return broken
}
