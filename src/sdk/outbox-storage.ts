import type { Message } from '../contract/message'
import type { ChatFailure } from './chat-error'

/** A message of one's own that the server has not acknowledged. */
export type Unsent = {
  /** The user id of its author, where it is stored: nobody else's client sends it. */
  author?: string
  room: string
  clientId: string
  text: string
  /** When it was written, ISO 8601. */
  time: string
  /** The message that it answers, as it was when this was written. */
  replyTo?: NonNullable<Message['replyTo']>
} & ({ state: 'pending' } | { state: 'failed'; reason: ChatFailure })

/**
 * Where unacknowledged messages are kept. More than one client may use the same storage at once: both may then send the
 * same message, which the server takes for one.
 */
export interface OutboxStorage {
  /** Everything that is kept, in the order it was first put. */
  load(): Promise<Unsent[]>
  /** Keeps a message, or changes the one of the same clientId in its place. */
  put(message: Unsent): Promise<void>
  /** Forgets a message; one that is not kept is forgotten already. */
  remove(clientId: string): Promise<void>
}

/** Keeps messages for as long as the program runs. */
export function createMemoryOutbox(): OutboxStorage {
  const kept = new Map<string, Unsent>()
  return {
    load: async () => [...kept.values()],
    put: async (message) => void kept.set(message.clientId, message),
    remove: async (clientId) => void kept.delete(clientId),
  }
}

/**
 * One author's part of a storage. Clients of several people may use the same one, one after the other or at once: what
 * somebody else has left there waits for their own client.
 * @param author resolves when the client knows whose it is
 */
export function ofAuthor(storage: OutboxStorage, author: Promise<string>): OutboxStorage {
  return {
    load: async () => {
      const own = await author
      return (await storage.load()).filter((message) => message.author === own)
    },
    put: async (message) => storage.put({ ...message, author: await author }),
    remove: (clientId) => storage.remove(clientId),
  }
}

/**
 * Keeps messages in the browser, over reloads and restarts.
 * @param owner whose messages: people who share a browser must not send each other's
 */
export function createIndexedDbOutbox(owner: string): OutboxStorage {
  const opened = new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(`roomline-outbox-${owner}`, 1)
    request.onupgradeneeded = () => {
      request.result
        .createObjectStore('unsent', { keyPath: 'order', autoIncrement: true })
        .createIndex('clientId', 'clientId', { unique: true })
    }
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  // Whoever uses it hears of it; until then it is nobody's unhandled rejection.
  opened.catch(() => {})

  const inStore = async <Value>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => Promise<Value>): Promise<Value> => {
    const transaction = (await opened).transaction('unsent', mode)
    const done = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve()
      transaction.onabort = () => reject(transaction.error)
    })
    const value = await act(transaction.objectStore('unsent'))
    await done
    return value
  }
  const orderOf = (store: IDBObjectStore, clientId: string) => answered(store.index('clientId').getKey(clientId))

  return {
    load: () =>
      inStore('readonly', async (store) => {
        const rows: (Unsent & { order: number })[] = await answered(store.getAll())
        return rows.map(({ order: _, ...message }) => message)
      }),
    put: (message) =>
      inStore('readwrite', async (store) => {
        const order = await orderOf(store, message.clientId)
        await answered(store.put(order === undefined ? message : { ...message, order }))
      }),
    remove: (clientId) =>
      inStore('readwrite', async (store) => {
        const order = await orderOf(store, clientId)
        if (order !== undefined) await answered(store.delete(order))
      }),
  }
}

function answered<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
