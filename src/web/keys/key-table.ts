/** A key, or several that do the same. "Mod" is Command on a Mac and Control elsewhere. */
interface Shortcut {
  keys: readonly string[]
  /** What it does, as the list of keys says it. */
  words: string
}

/**
 * All keys of the app. What is listed here is what `isKey` answers to: the app asks it by name, and the list of keys shows
 * the same table.
 */
export const keyGroups = [
  {
    title: 'Anywhere',
    shortcuts: {
      search: { keys: ['Mod+K'], words: 'Search, or go to a room or person' },
      previousRoom: { keys: ['Alt+ArrowUp'], words: 'Previous room' },
      nextRoom: { keys: ['Alt+ArrowDown'], words: 'Next room' },
      previousUnread: { keys: ['Alt+Shift+ArrowUp'], words: 'Previous unread room' },
      nextUnread: { keys: ['Alt+Shift+ArrowDown'], words: 'Next unread room' },
      showKeys: { keys: ['?'], words: 'Show this list' },
      close: { keys: ['Escape'], words: 'Close what is open' },
    },
  },
] as const satisfies readonly { title: string; shortcuts: Readonly<Record<string, Shortcut>> }[]

type Group = (typeof keyGroups)[number]
export type KeyName = { [Each in Group as Each['title']]: keyof Each['shortcuts'] }[Group['title']]

const byName = new Map<string, Shortcut>(keyGroups.flatMap(({ shortcuts }) => Object.entries(shortcuts)))

type PressedKey = Pick<KeyboardEvent, 'key' | 'altKey' | 'ctrlKey' | 'metaKey' | 'shiftKey'>

/** Whether a pressed key is that of a shortcut. */
export const isKey = (event: PressedKey, name: KeyName, isMac = isOnMac()): boolean =>
  byName.get(name)?.keys.some((combination) => isPressed(event, combination, isMac)) ?? false

function isPressed(event: PressedKey, combination: string, isMac: boolean): boolean {
  const parts = combination.split('+')
  const key = parts.at(-1) ?? ''
  const has = (part: string) => parts.slice(0, -1).includes(part)
  // "?" needs Shift on some keyboards and not on others.
  const isSign = key.length === 1 && key.toLowerCase() === key.toUpperCase()
  return (
    event.key.toLowerCase() === key.toLowerCase() &&
    event.altKey === has('Alt') &&
    event.ctrlKey === (has('Mod') && !isMac) &&
    event.metaKey === (has('Mod') && isMac) &&
    (isSign || event.shiftKey === has('Shift'))
  )
}

export const isOnMac = (): boolean => typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform)

const signs: Record<string, string> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  Escape: 'Esc',
}
const macSigns: Record<string, string> = { Mod: '⌘', Alt: '⌥', Shift: '⇧' }

/** The keys of a combination as they are written on a keyboard. @example keysOf('Mod+K', false) // ['Ctrl', 'K'] */
export const keysOf = (combination: string, isMac: boolean): string[] =>
  combination.split('+').map((part) => signs[part] ?? (isMac ? macSigns[part] : undefined) ?? (part === 'Mod' ? 'Ctrl' : part))
