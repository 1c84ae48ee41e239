/**
 * All emoji as the server gives them, small enough to load for the first `:name:`. Each row: the emoji, its name, the index
 * of its category, words to find it by, its shortcodes, and the emoji in the lightest skin tone if it has skin tones.
 */
export interface EmojiFile {
  categories: string[]
  emoji: [emoji: string, name: string, category: number, tags: string, shortcodes: string, light?: string][]
}

/** Its address changes with what is in it, so that browsers may keep it for ever. */
export const emojiFileName = '17.0.0-1.json'
