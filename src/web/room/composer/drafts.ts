/** What one person has written and not sent, room by room. Their browser keeps it, and shows it to nobody else. */
export interface Drafts {
  /** @returns '' when there is none */
  get(room: string): string
  /** It is kept a moment later; that it was sent or deleted, at once. */
  set(room: string, text: string): void
  /** Keeps what is not kept yet: the page may be about to go. */
  save(): void
  /** Forgets all of them. */
  clear(): void
}

type DraftStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>

const settleMs = 400

/**
 * @param owner the id of their author
 * @param storage asked for when it is needed: a server has none, and a browser may refuse it
 */
export function createDrafts(owner: string, storage: () => DraftStorage = () => localStorage): Drafts {
  const prefix = `roomline-draft/${owner}/`
  const written = new Map<string, string>()
  const unsaved = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined

  /** Without storage, drafts last as long as the page. */
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
      const text = written.get(room) ?? ''
      tryStorage((kept) => (text.trim() === '' ? kept.removeItem(prefix + room) : kept.setItem(prefix + room, text)))
    }
    unsaved.clear()
  }

  return {
    get: (room) => written.get(room) ?? tryStorage((kept) => kept.getItem(prefix + room)) ?? '',
    set: (room, text) => {
      written.set(room, text)
      unsaved.add(room)
      if (text.trim() === '') save()
      else timer ??= setTimeout(save, settleMs)
    },
    save,
    clear: () => {
      clearTimeout(timer)
      timer = undefined
      written.clear()
      unsaved.clear()
      tryStorage((kept) => {
        const keys = Array.from({ length: kept.length }, (_, index) => kept.key(index))
        for (const key of keys) if (key?.startsWith(prefix)) kept.removeItem(key)
      })
    },
  }
}
