import { type EmojiFile, emojiFileName } from './emoji-file'
import { readRecentEmoji } from './recent-emoji'

let loaded: Promise<EmojiFile> | null = null

/** Loads all emoji, once. After a failure the next call tries again. */
export function loadEmoji(): Promise<EmojiFile> {
  loaded ??= fetchEmoji().catch((error) => {
    loaded = null
    throw error
  })
  return loaded
}

async function fetchEmoji(): Promise<EmojiFile> {
  const response = await fetch(`/emoji/${emojiFileName}`)
  if (!response.ok) throw new Error(`The emoji did not load: ${response.status}`)
  return (await response.json()) as EmojiFile
}

interface FoundEmoji {
  emoji: string
  shortcode: string
}

/** Emoji whose `:name:` fits what was typed of it: those that begin with it first, and of these the ones used lately. */
export const findShortcodes = async (query: string): Promise<FoundEmoji[]> => rankShortcodes(await loadEmoji(), query, readRecentEmoji())

export function rankShortcodes(file: EmojiFile, query: string, recent: readonly string[]): FoundEmoji[] {
  const found = file.emoji.flatMap(([emoji, name, , tags, shortcodes]) => {
    const [best] = shortcodes
      .split(' ')
      .filter((shortcode) => shortcode !== '')
      .map((shortcode) => ({ emoji, shortcode, rank: rankOf(shortcode, query) }))
      .sort((a, b) => a.rank - b.rank || a.shortcode.length - b.shortcode.length)
    if (!best) return []
    const isTagged = ` ${tags} ${name}`.toLowerCase().includes(` ${query}`)
    return best.rank < notFound ? [best] : isTagged ? [{ ...best, rank: notFound }] : []
  })
  const recency = ({ emoji }: FoundEmoji) => (recent.includes(emoji) ? recent.indexOf(emoji) : recent.length)
  return found.sort((a, b) => a.rank - b.rank || recency(a) - recency(b) || a.shortcode.length - b.shortcode.length)
}

const notFound = 4

function rankOf(shortcode: string, query: string): number {
  if (shortcode === query) return 0
  if (shortcode.startsWith(query)) return 1
  if (shortcode.includes(`_${query}`)) return 2
  return shortcode.includes(query) ? 3 : notFound
}

/** The emoji of a `:name:`; null when there is none of that name. */
export async function emojiOfShortcode(name: string): Promise<string | null> {
  const { emoji } = await loadEmoji()
  return emoji.find(([, , , , shortcodes]) => shortcodes.split(' ').includes(name))?.[0] ?? null
}
