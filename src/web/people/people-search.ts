import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { isUsername } from '../../contract/rules'
import type { Chat, User } from '../../sdk'
import { useDebounced } from '../ui/debounced'

/** A person to choose or to show. */
export type PersonName = Pick<User, 'username' | 'displayName'>

export interface SuggestedPerson extends PersonName {
  /** The typed username itself: only the server knows whether anybody has it. */
  isTyped: boolean
}

const searchLimit = 8

/** People who match what was typed, then the typed username itself. */
export function useSuggestions(client: Chat, query: string, exclude: readonly string[]): readonly SuggestedPerson[] {
  const typed = query.trim().replace(/^@/, '')
  const found = usePeopleSearch({
    query: typed === '' ? null : typed,
    queryKey: ['people'],
    search: async (query) => (await client.trpc.users.search.query({ query, limit: searchLimit })).users,
  })
  if (typed === '') return []
  const name = typed.toLowerCase()
  const people = (found ?? []).filter((person) => !exclude.includes(person.username))
  const suggestions = people.map(({ username, displayName }) => ({ username, displayName, isTyped: false }))
  const isKnown = exclude.includes(name) || suggestions.some((person) => person.username === name)
  return isUsername(name) && !isKnown ? [...suggestions, { username: name, displayName: name, isTyped: true }] : suggestions
}

interface PeopleSearch {
  /** What was typed so far; null when nothing is searched for. */
  query: string | null
  queryKey: readonly string[]
  search(query: string): Promise<readonly PersonName[]>
  /** How long the typing must pause before the server is asked. */
  delayMs?: number
}

/**
 * Searches while somebody types. Until the answer for the latest letters is there, people found before stay as long as
 * they still match. When a search fails, nobody is found.
 * @returns null while nothing is searched for, or before the first answer
 */
export function usePeopleSearch({ query, queryKey, search, delayMs }: PeopleSearch): readonly PersonName[] | null {
  const debounced = useDebounced(query, delayMs)
  const { data, isError, isPlaceholderData } = useQuery({
    queryKey: [...queryKey, debounced],
    queryFn: () => search(debounced ?? ''),
    enabled: debounced !== null,
    placeholderData: keepPreviousData,
  })
  const isCurrent = debounced === query && !isPlaceholderData
  return useMemo(() => {
    if (query === null) return null
    if (isError) return []
    if (isCurrent || !data) return data ?? null
    const letters = query.toLowerCase()
    return data.filter(({ username, displayName }) => username.includes(letters) || displayName.toLowerCase().includes(letters))
  }, [query, data, isError, isCurrent])
}
