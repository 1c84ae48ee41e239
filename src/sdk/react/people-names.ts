import { useEffect, useMemo } from 'react'
import type { User } from '../../contract/session'
import type { Chat } from '../chat'
import { createStore, type Store } from '../store'
import { useStore } from './selected'

/** The display names of people of whom only the usernames are known, asked for when they are to be shown. */
export interface PeopleNames {
  /** By username. Without those whose answer is still to come. */
  names: Store<ReadonlyMap<string, string>>
  /** Asks for names that are not known, or were asked for some time ago. */
  want(usernames: readonly string[]): void
}

type FindPeople = (usernames: string[]) => Promise<readonly Pick<User, 'username' | 'displayName'>[]>

const askedAtOnce = 100
const staleMs = 5 * 60_000
const retryMs = 20_000

/** @param find answers for at most 100 usernames; people it does not know keep their usernames */
export function createPeopleNames(find: FindPeople): PeopleNames {
  const names = createStore<ReadonlyMap<string, string>>(new Map())
  /** Until when a name counts as known. */
  const knownUntil = new Map<string, number>()
  let wanted = new Set<string>()

  async function ask() {
    const usernames = [...wanted]
    wanted = new Set()
    for (let from = 0; from < usernames.length; from += askedAtOnce) await askFor(usernames.slice(from, from + askedAtOnce))
  }

  async function askFor(usernames: string[]) {
    const found = await find(usernames).catch(() => null)
    const next = new Map(names.get())
    // Without an answer, what was known stays; a username is better than nothing.
    for (const username of usernames) if (found || !next.has(username)) next.set(username, username)
    for (const { username, displayName } of found ?? []) next.set(username, displayName)
    if (!found) for (const username of usernames) knownUntil.set(username, Date.now() + retryMs)
    names.set(next)
  }

  return {
    names,
    want: (usernames) => {
      const now = Date.now()
      const missing = usernames.filter((username) => (knownUntil.get(username) ?? 0) <= now)
      if (missing.length === 0) return
      if (wanted.size === 0) queueMicrotask(() => void ask())
      for (const username of missing) {
        wanted.add(username)
        knownUntil.set(username, now + staleMs)
      }
    },
  }
}

const namesByClient = new WeakMap<Chat, PeopleNames>()

function namesFrom(client: Chat): PeopleNames {
  const known = namesByClient.get(client) ?? createPeopleNames((usernames) => client.trpc.users.named.query({ usernames }))
  namesByClient.set(client, known)
  return known
}

const nobody: Store<ReadonlyMap<string, string>> = { get: () => noNames, subscribe: () => () => {} }
const noNames: ReadonlyMap<string, string> = new Map()

/** The display names of these people, by username. Those still to come are missing. @param usernames empty to ask for nothing */
export function usePeopleNames(client: Chat | null, usernames: readonly string[]): ReadonlyMap<string, string> {
  const people = useMemo(() => client && namesFrom(client), [client])
  const key = usernames.join(' ')
  useEffect(() => {
    if (key !== '') people?.want(key.split(' '))
  }, [people, key])
  return useStore(people?.names ?? nobody)
}
