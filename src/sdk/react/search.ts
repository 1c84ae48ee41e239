import { useEffect, useMemo } from 'react'
import type { SearchHit } from '../../contract/message'
import type { Chat } from '../chat'
import { type ChatFailure, readFailure } from '../chat-error'
import { systemClock } from '../clock'
import type { RoomSearchOptions } from '../room'
import { createStore, type Store } from '../store'
import { pause } from '../waits'
import { useKept } from './kept'
import { useProvidedId } from './room-provider'
import { asItIs, useSelected } from './selected'

/** What is found is narrowed to these. */
export interface MessageSearchOptions extends Pick<RoomSearchOptions, 'author' | 'after' | 'before' | 'has'> {
  /** A room's id; null for all of the person's rooms. Default: the nearest RoomProvider's room, if there is one. */
  room?: string | null
}

interface SearchState {
  /**
   * - `idle`: there is nothing to search for
   * - `searching`: `hits` are those of the search before, until the answer comes
   * - `failed`: `failure` says why
   */
  state: 'idle' | 'searching' | 'found' | 'failed'
  failure: ChatFailure | null
  /** The newest first. */
  hits: readonly SearchHit[]
  /** Whether there may be more: see `loadMore`. */
  hasMore: boolean
}

/** The answer of a search. */
export interface SearchView extends SearchState {
  /** Adds the next page. */
  loadMore(): void
}

type SearchQuestion = Omit<MessageSearchOptions, 'room'> & { query: string; room?: string }

interface SearchHandle {
  state: Store<SearchState>
  /** Searches when nothing else was asked for some moments. Null to show nothing. */
  ask(question: SearchQuestion | null): void
  loadMore(): void
  close(): void
}

const idle: SearchState = { state: 'idle', failure: null, hits: [], hasMore: false }
const readIdle = () => idle
/** How long to wait for the person to type on. */
const typingMs = 200

function openSearch(chat: Chat): SearchHandle {
  const state = createStore(idle)
  let question: SearchQuestion | null = null
  let cursor: string | null = null
  let running = new AbortController()

  async function search(asked: SearchQuestion, after: string | null) {
    running.abort()
    running = new AbortController()
    const { signal } = running
    if (!after) await pause(systemClock, typingMs, signal)
    if (signal.aborted) return
    try {
      const page = await chat.trpc.chat.search.query({ ...asked, ...(after && { cursor: after }) }, { signal })
      cursor = page.cursor
      const hits = after ? [...state.get().hits, ...page.hits] : page.hits
      state.set({ state: 'found', failure: null, hits, hasMore: cursor !== null })
    } catch (error) {
      if (!signal.aborted) state.set({ ...state.get(), state: 'failed', failure: readFailure(error) })
    }
  }

  function start(after: string | null) {
    if (!question) return
    state.set({ ...state.get(), state: 'searching', failure: null })
    void search(question, after)
  }

  return {
    state,
    ask: (asked) => {
      if (JSON.stringify(asked) === JSON.stringify(question)) return
      question = asked
      cursor = null
      if (asked) return start(null)
      running.abort()
      state.set(idle)
    },
    loadMore: () => {
      if (cursor !== null && state.get().state !== 'searching') start(cursor)
    },
    close: () => running.abort(),
  }
}

let searches = 0

/**
 * Searches messages as the person types, some moments after each change. An answer that comes late never replaces a newer one.
 * @param query words, `"a phrase"`, `-without`; with only spaces, and no filter, nothing is searched
 * @example
 * const [query, setQuery] = useState('')
 * const { hits } = useSearch(query)
 * return hits.map(({ message, excerpt }) => <p key={`${message.room} ${message.seq}`}>{excerpt}</p>)
 */
export function useSearch(query: string, filters: MessageSearchOptions = {}): SearchView {
  const provided = useProvidedId()
  const { room = provided, author, after, before, has } = filters
  const key = useMemo(() => `search ${searches++}`, [])
  const kept = useKept(key, openSearch)
  const asked = query.trim() === '' && !author && !after && !before && !has ? null : { query, author, after, before, has }
  const question = asked && JSON.stringify({ ...asked, ...(room !== null && { room }) })
  useEffect(() => kept?.handle.ask(question === null ? null : JSON.parse(question)), [kept, question])
  const state = useSelected(kept?.handle.state ?? null, asItIs<SearchState>, readIdle)
  return useMemo(() => ({ ...state, loadMore: () => kept?.handle.loadMore() }), [state, kept])
}
