import { useEffect, useState } from 'react'
import { isUsername } from '../../contract/rules'
import type { ChatClient, User } from '../../sdk'
import { useSettled } from '../ui/settled'

export interface SuggestedPerson extends Picked {
  /** It is only what was typed: whether there is anybody of that name, the server will say. */
  isTyped: boolean
}

/** Who may be meant by what was typed, and at last the typed username itself. */
export function useSuggestions(client: ChatClient, query: string, without: readonly string[]): readonly SuggestedPerson[] {
  const wanted = query.trim().replace(/^@/, '')
  const settled = useSettled(wanted)
  const [found, setFound] = useState<{ query: string; people: readonly Picked[] }>({ query: '', people: [] })

  useEffect(() => {
    if (settled === '') return
    let isLate = false
    void findPeople(client, settled).then((people) => {
      if (!isLate) setFound({ query: settled, people })
    })
    return () => {
      isLate = true
    }
  }, [client, settled])

  if (wanted === '') return []
  const typed = wanted.toLowerCase()
  // What was found for fewer letters stays until the answer comes, as far as it still fits.
  const fits = ({ username, displayName }: Picked) => username.includes(typed) || displayName.toLowerCase().includes(typed)
  const people = found.people.filter((person) => !without.includes(person.username) && (found.query === wanted || fits(person)))
  const suggestions = people.map(({ username, displayName }) => ({ username, displayName, isTyped: false }))
  const isKnown = without.includes(typed) || suggestions.some((person) => person.username === typed)
  return isUsername(typed) && !isKnown ? [...suggestions, { username: typed, displayName: typed, isTyped: true }] : suggestions
}

const atMost = 8

/** People whose name or username has this in it. Nobody, where the server does not tell: a whole username can still be typed. */
export async function findPeople(client: ChatClient, query: string): Promise<readonly User[]> {
  const found = await client.users.search.query({ query, limit: atMost }).catch(() => null)
  return found?.users ?? []
}

/** Somebody who was chosen. Of a username that was only typed, nothing more is known. */
export type Picked = Pick<User, 'username' | 'displayName'>
