/** One user's unsent text for each room, stored in their browser. */
export interface Drafts {
  /** The room's draft; '' when there is none. */
  get(room: string): string
  /** Stores a text a moment later, and an empty one at once. */
  set(room: string, text: string): void
  /** Stores what is not stored yet, for example before the page goes away. */
  save(): void
  /** Deletes all of the user's drafts. */
  clear(): void
}

type DraftStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>

const delayMs = 400

/**
 * @param owner the user's id
 * @param storage called only when needed: there is none on the server, and a browser may deny access
 */
export function createDrafts(owner: string, storage: () => DraftStorage = () => localStorage): Drafts {
  const prefix = `roomline-draft/${owner}/`
  const texts = new Map<string, string>()
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

  function save() {
    clearTimeout(timer)
    timer = undefined
    for (const room of unsaved) {
      const text = texts.get(room) ?? ''
      tryStorage((storage) => (text.trim() === '' ? storage.removeItem(prefix + room) : storage.setItem(prefix + room, text)))
    }
    unsaved.clear()
  }

  return {
    get: (room) => texts.get(room) ?? tryStorage((storage) => storage.getItem(prefix + room)) ?? '',
    set: (room, text) => {
      texts.set(room, text)
      unsaved.add(room)
      if (text.trim() === '') save()
      else timer ??= setTimeout(save, delayMs)
    },
    save,
    clear: () => {
      clearTimeout(timer)
      timer = undefined
      texts.clear()
      unsaved.clear()
      tryStorage((storage) => {
        const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index))
        for (const key of keys) if (key?.startsWith(prefix)) storage.removeItem(key)
      })
    },
  }
}
