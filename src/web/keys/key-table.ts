/** A key, or several that do the same. "Mod" is Command on a Mac and Control elsewhere. */
interface Shortcut {
  keys: readonly string[]
  /** What it does, as the list of keys says it. */
  words: string
}

const groups = [
  {
    title: 'Anywhere',
    shortcuts: {
      search: { keys: ['Mod+K'], words: 'Search, or go to a room or person' },
      previousRoom: { keys: ['Alt+ArrowUp'], words: 'Previous room' },
      nextRoom: { keys: ['Alt+ArrowDown'], words: 'Next room' },
      previousUnread: { keys: ['Alt+Shift+ArrowUp'], words: 'Previous unread room' },
      nextUnread: { keys: ['Alt+Shift+ArrowDown'], words: 'Next unread room' },
      showKeys: { keys: ['?'], words: 'Show this list' },
      close: { keys: ['Escape'], words: 'Close what is open; in a room, mark it as read and go to the newest message' },
    },
  },
  {
    title: 'Among the messages',
    shortcuts: {
      message: { keys: ['ArrowUp', 'ArrowDown'], words: 'Previous or next message' },
      ends: { keys: ['Home', 'End'], words: 'First or newest message' },
      reply: { keys: ['R'], words: 'Reply' },
      edit: { keys: ['E'], words: 'Edit your message' },
      react: { keys: ['+'], words: 'React' },
      thread: { keys: ['Enter'], words: 'Open the thread' },
    },
  },
  {
    title: 'In the message box',
    shortcuts: {
      send: { keys: ['Enter'], words: 'Send' },
      line: { keys: ['Shift+Enter'], words: 'New line' },
      editLast: { keys: ['ArrowUp'], words: 'Edit your last message, while the box is empty' },
      bold: { keys: ['Mod+B'], words: 'Bold' },
      italic: { keys: ['Mod+I'], words: 'Italic' },
      code: { keys: ['Mod+E'], words: 'Code' },
      strike: { keys: ['Mod+Shift+X'], words: 'Strike out' },
      block: { keys: ['Mod+Shift+C'], words: 'Block of code' },
    },
  },
] as const satisfies readonly { title: string; shortcuts: Readonly<Record<string, Shortcut>> }[]

/**
 * All keys of the app, as the list of keys shows them. Those that work anywhere are driven by this table (`isKey`); the messages
 * and the message box handle theirs where the focus is.
 */
export const keyGroups: readonly { title: string; shortcuts: Readonly<Record<string, Shortcut>> }[] = groups

type Group = (typeof groups)[number]
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
