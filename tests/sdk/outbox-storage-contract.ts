import type { OutboxStorage, Unsent } from '../../src/sdk/outbox-storage'

const message = (clientId: string, text = clientId): Unsent => ({
  state: 'pending',
  room: 'general',
  clientId,
  text,
  time: '2026-01-01T00:00:00.000Z',
})

/**
 * What every outbox storage promises. It knows no test runner, so that it can run inside a page too.
 * @param open gives the storage of one owner; given the same owner again, what was kept must be there if it is `lasting`
 * @returns what was broken
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
  check('changes a message in its place', (await texts(ada)) === 'one,two, failed,three')
  check('gives back what it was given', JSON.stringify((await ada.load())[1]) === JSON.stringify(failed))
  const author = { id: 'ben', username: 'ben', displayName: 'Ben', avatar: null }
  const answer: Unsent = { ...message('answer'), replyTo: { seq: 3, author, text: 'What do you think?' } }
  await ada.put(answer)
  check('keeps what a message answers', JSON.stringify((await ada.load())[3]) === JSON.stringify(answer))
  await ada.remove('answer')
  await ada.remove('one')
  await ada.remove('one')
  await ada.remove('never put')
  check('forgets what is removed, and only that', (await texts(ada)) === 'two, failed,three')
  check('keeps the messages of different owners apart', (await texts(open('ben'))) === '')
  if (lasting) check('has it still when it is opened again', (await texts(open('ada'))) === 'two, failed,three')
  return broken
}
