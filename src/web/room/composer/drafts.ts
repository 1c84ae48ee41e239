import { useSyncExternalStore } from 'react'
import type { Store, Unsent } from '../../../sdk'
import { createStore } from '../../../sdk/store'

/** What somebody has written in one place and not sent yet. */
export interface Draft {
  /** The text of the next message. */
  text: string
  /** The message that it answers, as it was when the person chose to answer it. */
  reply: NonNullable<Unsent['replyTo']> | null
  edit: EditDraft | null
}

/** A change of one of the person's own messages that is not saved yet. */
export interface EditDraft {
  seq: number
  /** The message's text when the edit began. */
  from: string
  text: string
  /** Whether it is shown. Escape closes an edit, and keeps what was changed. */
  isOpen: boolean
}

/**
 * One person's drafts, kept in their browser and shared by all of its tabs. A place is a room's id, or that of a thread
 * as `threadPlace` gives it.
 */
export interface Drafts {
  /** The draft in a place: always the same store. */
  in(place: string): Store<Draft>
  /** Changes a part of a draft. It is stored a moment later, or at once if nothing is left of it. */
  update(place: string, change: Partial<Draft>): void
  /** The rooms with a text or a changed edit, in the room itself or in one of its threads. */
  rooms: Store<ReadonlySet<string>>
  /** Follows what other tabs do, and stores what is not stored yet when the page goes away. @returns an unsubscribe function */
  follow(page?: PageEvents): () => void
  /** Stores what is not stored yet. */
  save(): void
  /** Deletes all of the person's drafts. */
  clear(): void
}

type DraftStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>
type PageEvents = Pick<typeof globalThis, 'addEventListener' | 'removeEventListener'>

export const emptyDraft: Draft = { text: '', reply: null, edit: null }

/** Whether an edit differs from the message. */
export const isChanged = ({ from, text }: EditDraft) => text !== from

/** The place of a thread's draft. Rooms' ids have no slash. */
export const threadPlace = (room: string, root: number) => `${room}/${root}`

const roomOf = (place: string) => place.replace(/\/.*/s, '')

const delayMs = 400
const maxStored = 100
const maxAgeMs = 90 * 24 * 60 * 60_000

/**
 * @param owner the person's id: nobody else sees the drafts
 * @param storage called only when needed: there is none on the server, and a browser may deny access
 */
export function createDrafts(owner: string, storage: () => DraftStorage = () => localStorage): Drafts {
  const prefix = `roomline-draft/${owner}/`
  /** Its change tells the other tabs that everything was deleted, even what they had not stored yet. */
  const clearedKey = `roomline-drafts-cleared/${owner}`
  const opened = new Map<string, ReturnType<typeof createStore<Draft>>>()
  const rooms = createStore<ReadonlySet<string>>(new Set())
  /** The places that count for `rooms`. */
  const written = new Set<string>()
  const unsaved = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined

  /** Without storage, drafts last until the page is closed. */
  function tryStorage<Value>(act: (storage: DraftStorage) => Value): Value | null {
    try {
      return act(storage())
    } catch {
      return null
    }
  }

  const read = (place: string) => readDraft(tryStorage((storage) => storage.getItem(prefix + place)))?.draft ?? emptyDraft

  function open(place: string) {
    const known = opened.get(place)
    if (known) return known
    const store = createStore(read(place))
    opened.set(place, store)
    return store
  }

  function storedPlaces(): string[] {
    const keys = tryStorage((storage) => Array.from({ length: storage.length }, (_, index) => storage.key(index))) ?? []
    return keys.flatMap((key) => (key?.startsWith(prefix) ? [key.slice(prefix.length)] : []))
  }

  function note(...places: string[]) {
    for (const place of places) {
      if (isWritten(opened.get(place)?.get() ?? read(place))) written.add(place)
      else written.delete(place)
    }
    const now = new Set([...written].map(roomOf))
    const before = rooms.get()
    if (now.size !== before.size || [...now].some((room) => !before.has(room))) rooms.set(now)
  }

  /** Deletes what is old or unreadable, and the oldest of too many. */
  function removeOld() {
    const dated = storedPlaces().map((place) => ({
      place,
      at: readDraft(tryStorage((storage) => storage.getItem(prefix + place)))?.at ?? 0,
    }))
    dated.sort((a, b) => b.at - a.at)
    for (const [index, { place, at }] of dated.entries()) {
      if (index >= maxStored || at < Date.now() - maxAgeMs) tryStorage((storage) => storage.removeItem(prefix + place))
    }
  }

  function save() {
    clearTimeout(timer)
    timer = undefined
    for (const place of unsaved) {
      const draft = open(place).get()
      tryStorage((storage) =>
        isEmpty(draft)
          ? storage.removeItem(prefix + place)
          : storage.setItem(prefix + place, JSON.stringify({ ...draft, at: Date.now() } satisfies StoredDraft)),
      )
    }
    if (unsaved.size > 0) removeOld()
    unsaved.clear()
  }

  /** Forgets what this page knows, but nothing that is stored. */
  function forget() {
    clearTimeout(timer)
    timer = undefined
    unsaved.clear()
    for (const store of opened.values()) store.set(emptyDraft)
    written.clear()
    note()
  }

  function clear() {
    forget()
    tryStorage((storage) => {
      for (const place of storedPlaces()) storage.removeItem(prefix + place)
      storage.setItem(clearedKey, String(Date.now()))
      storage.removeItem(clearedKey)
    })
  }

  function onStorage({ key }: StorageEvent) {
    // A null key: everything was deleted.
    if (key === null || key === clearedKey) return forget()
    if (!key.startsWith(prefix)) return
    const place = key.slice(prefix.length)
    // What was typed here is newer, and about to be stored.
    if (unsaved.has(place)) return
    opened.get(place)?.set(read(place))
    note(place)
  }

  return {
    in: open,
    rooms,
    save,
    clear,
    update: (place, change) => {
      const store = open(place)
      const draft = { ...store.get(), ...change }
      unsaved.add(place)
      store.set(draft)
      note(place)
      if (isEmpty(draft)) save()
      else timer ??= setTimeout(save, delayMs)
    },
    follow: (page = globalThis) => {
      removeOld()
      note(...storedPlaces())
      page.addEventListener('storage', onStorage)
      page.addEventListener('pagehide', save)
      return () => {
        page.removeEventListener('storage', onStorage)
        page.removeEventListener('pagehide', save)
      }
    },
  }
}

/** The draft in a place. It is empty while the page is rendered on the server, and until its effects have run. */
export function useDraft(drafts: Drafts, place: string): Draft {
  const store = drafts.in(place)
  return useSyncExternalStore(store.subscribe, store.get, () => emptyDraft)
}

type StoredDraft = Draft & { at: number }

const isEmpty = ({ text, reply, edit }: Draft) => text.trim() === '' && !reply && !edit
const isWritten = ({ text, edit }: Draft) => text.trim() !== '' || (edit !== null && isChanged(edit))

/** Another version of the page, or somebody's own hand, may have stored it. */
function readDraft(stored: string | null): { draft: Draft; at: number } | null {
  try {
    const { text, reply, edit, at } = JSON.parse(stored ?? '') as StoredDraft
    if (typeof text !== 'string' || typeof at !== 'number') return null
    const isReply = typeof reply?.seq === 'number' && typeof reply.text === 'string' && typeof reply.author?.displayName === 'string'
    const isEdit =
      typeof edit?.seq === 'number' && typeof edit.from === 'string' && typeof edit.text === 'string' && typeof edit.isOpen === 'boolean'
    return { draft: { text, reply: isReply ? reply : null, edit: isEdit ? edit : null }, at }
  } catch {
    return null
  }
}
