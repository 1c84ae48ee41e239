import type { Message } from '../contract/message'
import type { ChatFailure } from './chat-error'

/** A message of this client that the server has not acknowledged. */
export type Unsent = {
  /** In a storage, the user id of its author: no other person's client sends it. */
  author?: string
  room: string
  clientId: string
  text: string
  /** When it was written, ISO 8601. */
  time: string
  /** The message that it answers. */
  replyTo?: NonNullable<Message['replyTo']>
} & ({ state: 'pending' } | { state: 'failed'; reason: ChatFailure })

/**
 * Keeps messages until the server has acknowledged them. Several clients may use the same storage at once: if two of them
 * send the same message, the server stores it once.
 */
export interface OutboxStorage {
  /** Returns every message, in the order they were first put. */
  load(): Promise<Unsent[]>
  /** Adds a message, or replaces the one with the same clientId without moving it. */
  put(message: Unsent): Promise<void>
  /** Removes a message, if it is there. */
  remove(clientId: string): Promise<void>
}

/** Keeps messages in memory, while the program runs. */
export function createMemoryOutbox(): OutboxStorage {
  const kept = new Map<string, Unsent>()
  return {
    load: async () => [...kept.values()],
    put: async (message) => void kept.set(message.clientId, message),
    remove: async (clientId) => void kept.delete(clientId),
  }
}

/**
 * The messages of one author in a storage that several people's clients use, at once or one after the other. Everybody
 * else's messages wait there for a client of their own.
 * @param author the user id, once the client knows it
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
 * Keeps messages in the browser's IndexedDB, so that they survive reloads and restarts.
 * @param owner the name of the database, for example the user's id: people who share a browser should not share it
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
  // Every use rejects as well; this only prevents an unhandled rejection before the first.
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
