import { commonEmoji } from './emoji'

const recentKey = 'roomline-recent-emoji'
const toneKey = 'roomline-skin-tone'
const keptRecent = 24

export const skinTones = ['none', 'light', 'medium-light', 'medium', 'medium-dark', 'dark'] as const
export type SkinTone = (typeof skinTones)[number]

/** The emoji picked in this browser, the latest first. A browser may deny storage: then there are none. */
export function readRecentEmoji(): readonly string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(recentKey) ?? '[]')
    return Array.isArray(stored) ? stored.filter((emoji) => typeof emoji === 'string').slice(0, keptRecent) : []
  } catch {
    return []
  }
}

export function noteRecentEmoji(emoji: string) {
  const recent = [emoji, ...readRecentEmoji().filter((other) => other !== emoji)].slice(0, keptRecent)
  tryToStore(recentKey, JSON.stringify(recent))
}

/** The emoji for one row of eight: those picked lately, then common ones. */
export const quickEmoji = (): readonly string[] => [...new Set([...readRecentEmoji(), ...commonEmoji])].slice(0, 8)

export function readSkinTone(): SkinTone {
  try {
    return skinTones.find((tone) => tone === localStorage.getItem(toneKey)) ?? 'none'
  } catch {
    return 'none'
  }
}

export const keepSkinTone = (tone: SkinTone) => tryToStore(toneKey, tone)

function tryToStore(key: string, value: string) {
  try {
    localStorage.setItem(key, value)
  } catch {
    // It lasts until the page is closed.
  }
}
