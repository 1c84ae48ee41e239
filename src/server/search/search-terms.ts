import { hasCode, hasLink } from '../../contract/markdown/mentions'
import { type SearchQuery, toTsquery } from './query'

/** What a search can ask for beside words. */
export interface SearchFilters {
  /** The author's id. */
  author: string | null
  room: string | null
  has: 'file' | 'link' | 'code' | null
}

/** What a search asks the database for. */
export interface SearchTerms {
  /** A tsquery for all of it. */
  all: string
  /** A tsquery for each of the terms and tags that must be there, or for enough of them. */
  each: string[]
}

/** The longest words are seldom the common ones. */
const wordsAlone = 8

const roomTag = (room: string) => `room:${room}`
const authorTag = (author: string) => `author:${author}`
const hasTag = (what: 'file' | 'link' | 'code') => `has:${what}`

/** The tags of a message, as `toTsvector` takes them. */
export function tagsOfMessage(text: string, { room, author, hasFile }: { room: string; author: string; hasFile: boolean }): string[] {
  const tags = [roomTag(room), authorTag(author)]
  if (hasFile) tags.push(hasTag('file'))
  if (hasLink(text)) tags.push(hasTag('link'))
  if (hasCode(text)) tags.push(hasTag('code'))
  return tags
}

/** @returns null when every message will do */
export function termsOfSearch(query: SearchQuery | null, { author, room, has }: SearchFilters): SearchTerms | null {
  const tags: string[] = []
  if (room !== null) tags.push(roomTag(room))
  if (author !== null) tags.push(authorTag(author))
  if (has !== null) tags.push(hasTag(has))
  const phrases = query?.phrases ?? []
  if (phrases.length + tags.length === 0) return null
  const words = phrases
    .flatMap(({ terms }) => terms)
    .sort((a, b) => b.lexeme.length - a.lexeme.length)
    .map((term) => toTsquery({ phrases: [{ terms: [term] }], excluded: [] }))
  return {
    all: toTsquery({ phrases, excluded: query?.excluded ?? [] }, tags),
    each: [...tags.map((tag) => toTsquery({ phrases: [], excluded: [] }, [tag])), ...[...new Set(words)].slice(0, wordsAlone)],
  }
}
