import type { SearchLimits } from './search-filters'

export interface RecentSearch {
  query: string
  limits: SearchLimits
}

export interface RecentSearches {
  list(): readonly RecentSearch[]
  add(search: RecentSearch): void
  clear(): void
}

const kept = 6

/**
 * A person's latest searches, kept in their browser.
 * @param storage called only when needed: a browser may deny access
 */
export function createRecentSearches(
  owner: string,
  storage: () => Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> = () => localStorage,
): RecentSearches {
  const key = `roomline-searches/${owner}`
  const list = (): readonly RecentSearch[] => {
    try {
      const read: unknown = JSON.parse(storage().getItem(key) ?? '[]')
      return Array.isArray(read) ? read.filter(isRecent).slice(0, kept) : []
    } catch {
      return []
    }
  }
  const attempt = (act: (storage: Pick<Storage, 'setItem' | 'removeItem'>) => void) => {
    try {
      act(storage())
    } catch {
      // Without storage, searches are not kept.
    }
  }
  return {
    list,
    add: (search) => {
      const same = JSON.stringify(search)
      const others = list().filter((each) => JSON.stringify(each) !== same)
      attempt((to) => to.setItem(key, JSON.stringify([search, ...others].slice(0, kept))))
    },
    clear: () => attempt((to) => to.removeItem(key)),
  }
}

const isRecent = (value: unknown): value is RecentSearch =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as RecentSearch).query === 'string' &&
  typeof (value as RecentSearch).limits === 'object' &&
  (value as RecentSearch).limits !== null
