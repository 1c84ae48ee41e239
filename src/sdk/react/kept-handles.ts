import type { Chat } from '../chat'
import { unrefTimer } from '../clock'

/** Something that is open for as long as components use it. */
export interface Kept<Handle> {
  handle: Handle
  isClosed: boolean
  /** Keeps it open. @returns a function that ends that */
  retain(): () => void
  /** Gives whoever may be about to retain it some more seconds. */
  touch(): void
  close(): void
}

/** How long something stays open that no component uses: one may be about to, or may come back. */
const keptMs = 5_000
/** How many that are no longer used stay open at most: the server bounds how much one connection may follow. */
const mostUnused = 12

interface KeepOptions {
  close(): void
  onUsed?(): void
  onUnused?(): void
}

/** Keeps something open until some seconds after its last use. */
export function keepWhileUsed<Handle>(handle: Handle, { close, onUsed, onUnused }: KeepOptions): Kept<Handle> {
  let users = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const kept: Kept<Handle> = {
    handle,
    isClosed: false,
    retain: () => {
      users++
      clearTimeout(timer)
      onUsed?.()
      let isRetained = true
      return () => {
        if (!isRetained) return
        isRetained = false
        if (--users > 0) return
        kept.touch()
        onUnused?.()
      }
    },
    touch: () => {
      if (users > 0 || kept.isClosed) return
      clearTimeout(timer)
      timer = setTimeout(kept.close, keptMs)
      unrefTimer(timer)
    },
    close: () => {
      if (kept.isClosed) return
      kept.isClosed = true
      clearTimeout(timer)
      close()
    },
  }
  kept.touch()
  return kept
}

interface OpenedOfChat {
  byKey: Map<string, Kept<{ close(): void }>>
  /** The keys of what is no longer used, the one left last at the end. */
  unused: Set<string>
}

const openedBy = new WeakMap<Chat, OpenedOfChat>()

/**
 * What is open under a key in a chat; opens it if nothing is. It may be called while rendering: what nobody then retains,
 * because the rendering was repeated or thrown away, closes by itself.
 * @param key says what `open` opens, with everything that makes a difference
 */
export function findOrOpen<Handle extends { close(): void }>(chat: Chat, key: string, open: (chat: Chat) => Handle): Kept<Handle> {
  const opened = openedBy.get(chat) ?? { byKey: new Map(), unused: new Set() }
  openedBy.set(chat, opened)
  const { byKey, unused } = opened
  const known = byKey.get(key) as Kept<Handle> | undefined
  known?.touch()
  if (known) return known
  const handle = open(chat)
  const kept = keepWhileUsed(handle, {
    close: () => {
      byKey.delete(key)
      unused.delete(key)
      handle.close()
    },
    onUsed: () => unused.delete(key),
    onUnused: () => {
      unused.add(key)
      const [oldest] = unused
      if (unused.size > mostUnused && oldest !== undefined) byKey.get(oldest)?.close()
    },
  })
  byKey.set(key, kept)
  return kept
}
