import { TRPCClientError } from '@trpc/client'
import { describe, expect, it } from 'vitest'
import { type AppRouter, ChatError, type ConnectionStatus, type Store } from '../../src/sdk'
import { failureNamed } from '../../src/sdk/chat-error'
import { type Clock, systemClock } from '../../src/sdk/clock'
import { startOutbox } from '../../src/sdk/outbox'
import { createMemoryOutbox, type Unsent } from '../../src/sdk/outbox-storage'
import { createStore } from '../../src/sdk/store'
import { createTestMessage, createTestUser } from '../../src/sdk/testing'
import { until } from '../support/stock-client'
import { findBrokenPromises } from './outbox-storage-contract'

/** What tRPC throws when the server rejects a call. */
function rejection(failure: string, retryAfterMs: number): TRPCClientError<AppRouter> {
  const error = { code: -32_029, message: '', data: { failure, retryAfterMs } }
  return TRPCClientError.from({ error } as unknown as Parameters<typeof TRPCClientError.from>[0])
}

const kept = (text: string, room = 'general'): Unsent => ({
  state: 'pending',
  room,
  clientId: `client-id-of-${text}`,
  text,
  time: '2026-01-01T00:00:00.000Z',
})

const connected = (): {
  status: Store<ConnectionStatus> & { set(status: ConnectionStatus): void }
  clock: Clock
  checkIntervalMs: number
} => ({
  status: createStore<ConnectionStatus>({ state: 'connected' }),
  clock: systemClock,
  checkIntervalMs: 20,
})

describe('an outbox', () => {
  it('sends first what an earlier client has left, each room in order', async () => {
    const storage = createMemoryOutbox()
    for (const message of [kept('a1'), kept('b1', 'other'), kept('a2')]) await storage.put(message)
    const sent: string[] = []
    const outbox = startOutbox({
      storage,
      ...connected(),
      send: async ({ text, clientId, room }) => {
        sent.push(text)
        return createTestMessage({ text, clientId, room })
      },
    })
    outbox.add('general', 'a3')
    await until(() => sent.length === 4)
    expect(sent.filter((text) => text.startsWith('a'))).toEqual(['a1', 'a2', 'a3'])
    await until(async () => (await storage.load()).length === 0)
  })

  it('keeps unsent messages when its client ends', async () => {
    const storage = createMemoryOutbox()
    const { status, ...looks } = connected()
    let attempts = 0
    const outbox = startOutbox({
      storage,
      status,
      ...looks,
      send: async () => {
        attempts++
        throw new ChatError(failureNamed('DISCONNECTED'))
      },
    })
    const { clientId } = outbox.add('general', 'kept')
    await until(() => attempts > 0)
    status.set({ state: 'closed' })
    expect(await storage.load()).toEqual([expect.objectContaining({ state: 'pending', clientId, text: 'kept' })])
  })

  it('sends an answer with the message that it answers, also on a retry', async () => {
    const storage = createMemoryOutbox()
    const answered: (number | undefined)[] = []
    let refuse = true
    const outbox = startOutbox({
      storage,
      ...connected(),
      send: async ({ text, replyTo }) => {
        answered.push(replyTo?.seq)
        if (refuse) throw rejection('SLOW_MODE', 7_000)
        return createTestMessage({ text })
      },
    })
    const replyTo = { seq: 3, author: createTestUser({ username: 'ben' }), text: 'Are you there?' }
    const { clientId } = outbox.add('general', 'yes', { replyTo })
    await until(async () => (await storage.load())[0]?.state === 'failed')
    // Slow mode is not retried silently: the author sees it, and how long to wait.
    expect(await storage.load()).toMatchObject([{ replyTo: { seq: 3 }, reason: { name: 'SLOW_MODE', retry: false, retryAfterMs: 7_000 } }])
    refuse = false
    outbox.retry(clientId)
    await until(async () => (await storage.load()).length === 0)
    expect(answered).toEqual([3, 3])
  })

  it('retries by itself after a rate limit, once the given time has passed', async () => {
    let attempts = 0
    const outbox = startOutbox({
      storage: createMemoryOutbox(),
      ...connected(),
      send: async ({ text }) => {
        attempts++
        if (attempts === 1) throw rejection('TOO_MANY_REQUESTS', 20)
        return createTestMessage({ text })
      },
    })
    const sent: string[] = []
    outbox.follow('general', { onUnsent: () => {}, onDiscarded: () => {}, onSent: ({ text }) => sent.push(text) })
    outbox.add('general', 'quick')
    await until(() => sent.length === 1)
    expect(attempts).toBe(2)
  })

  it('client ends: shows pending messages as failed, keeps them as pending, sends them when it is reopened', async () => {
    const storage = createMemoryOutbox()
    const { status, ...connection } = connected()
    const sent: string[] = []
    const outbox = startOutbox({
      ...connection,
      storage,
      status,
      send: async ({ text }) => {
        if (status.get().state !== 'connected') throw new ChatError(failureNamed('UNAUTHORIZED'))
        sent.push(text)
        return createTestMessage({ text })
      },
    })
    const reason = failureNamed('UNAUTHORIZED')
    status.set({ state: 'signed-out', reason })
    const shown: Unsent[] = []
    outbox.follow('general', { onUnsent: (message) => shown.push(message), onDiscarded: () => {}, onSent: () => {} })
    outbox.add('general', 'kept')
    const { clientId: given } = outbox.add('general', 'given up')
    expect(shown).toMatchObject([
      { text: 'kept', state: 'failed', reason },
      { text: 'given up', state: 'failed', reason },
    ])
    expect((await storage.load()).map(({ state }) => state)).toEqual(['pending', 'pending'])
    outbox.discard(given)
    expect(await outbox.flush(1_000)).toBe(false)
    status.set({ state: 'connected' })
    expect(shown.at(-1)).toMatchObject({ text: 'kept', state: 'pending' })
    expect(await outbox.flush(10_000)).toBe(true)
    expect(sent).toEqual(['kept'])
  })

  it('follows another client of its storage that discards or retries a failed message', async () => {
    const storage = createMemoryOutbox()
    let refuse = true
    const open = () =>
      startOutbox({
        storage,
        ...connected(),
        send: async ({ text }) => {
          if (refuse) throw rejection('ROOM_ARCHIVED', 0)
          return createTestMessage({ text })
        },
      })
    const [one, two] = [open(), open()]
    const events: string[] = []
    one.follow('general', {
      onUnsent: ({ text, state }) => events.push(`${text} ${state}`),
      onDiscarded: () => events.push('discarded'),
      onSent: ({ text }) => events.push(`${text} sent`),
    })
    const [first, second] = [one.add('general', 'first').clientId, one.add('general', 'second').clientId]
    const known = new Map<string, string>()
    two.follow('general', { onUnsent: ({ clientId, state }) => known.set(clientId, state), onDiscarded: () => {}, onSent: () => {} })
    await until(() => known.get(first) === 'failed' && known.get(second) === 'failed')
    two.discard(first)
    await until(() => events.includes('discarded'))
    refuse = false
    two.retry(second)
    await until(async () => (await storage.load()).length === 0)
    await until(() => events.includes('second sent') || events.filter((event) => event === 'discarded').length === 2)
  })

  it('works in memory when the browser refuses storage', async () => {
    const refuse = () => Promise.reject(new Error('refused'))
    const sent: string[] = []
    const outbox = startOutbox({
      storage: { load: refuse, put: refuse, remove: refuse },
      ...connected(),
      send: async ({ text }) => {
        sent.push(text)
        return createTestMessage({ text })
      },
    })
    outbox.add('general', 'sent all the same')
    await until(() => sent.length === 1)
  })
})

describe('the memory storage', () => {
  it('fulfils the contract of an outbox storage', async () => {
    const storages = new Map<string, ReturnType<typeof createMemoryOutbox>>()
    const open = (owner: string) => {
      const storage = storages.get(owner) ?? createMemoryOutbox()
      storages.set(owner, storage)
      return storage
    }
    expect(await findBrokenPromises(open, { lasting: true })).toEqual([])
  })
})
