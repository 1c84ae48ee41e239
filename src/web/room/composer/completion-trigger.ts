import type { findMentionBeingTyped } from '../../../contract/markdown/mentions'
import { isInCode } from './writing'

/** What somebody is typing that can be completed: everything from `at` to the caret. */
export interface Trigger {
  kind: 'person' | 'room' | 'emoji' | 'command'
  at: number
  /** What follows the @, #, : or /, in lowercase. */
  query: string
}

// A number or a word before the sign: a time, an address, a link's anchor.
const room = /(?<![\p{L}\p{N}\p{M}_/&#.-])#(?<query>[\p{L}\p{M}\p{N}-]{0,60})$/u
// Two letters at least, so that ":)" and ": " suggest nothing.
const emoji = /(?<![\p{L}\p{N}:/]):(?<query>[a-z0-9+][a-z0-9_+-]+|[+-]1?)$/iu
const command = /^\/(?<query>[a-z]*)$/i

interface TriggerOptions {
  /** Whether a text that begins with a slash can be a command here. */
  hasCommands?: boolean
  /** Left out until the parser is loaded: nobody is mentioned then. */
  findMention?: typeof findMentionBeingTyped | undefined
}

export function findTrigger(textBeforeCaret: string, { hasCommands = false, findMention }: TriggerOptions = {}): Trigger | null {
  const typed = hasCommands ? command.exec(textBeforeCaret) : null
  if (typed) return { kind: 'command', at: 0, query: typed.groups?.query?.toLowerCase() ?? '' }
  // Most texts end in a word without any sign; nothing else needs to be read then.
  if (!/[@#:]\S*$/u.test(textBeforeCaret) || isInCode(textBeforeCaret, textBeforeCaret.length)) return null
  const person = findMention?.(textBeforeCaret)
  if (person) return { kind: 'person', at: person.at, query: person.query.toLowerCase() }
  for (const [kind, pattern] of [
    ['room', room],
    ['emoji', emoji],
  ] as const) {
    const match = pattern.exec(textBeforeCaret)
    if (match) return { kind, at: match.index, query: match.groups?.query?.toLowerCase() ?? '' }
  }
  return null
}

/** The `:name:` that ends at the caret, just closed by a colon. */
export function findClosedShortcode(textBeforeCaret: string): { at: number; name: string } | null {
  const match = /(?<![\p{L}\p{N}:/]):(?<name>[a-z0-9_+-]+):$/iu.exec(textBeforeCaret)
  const name = match?.groups?.name
  if (!match || name === undefined || isInCode(textBeforeCaret, match.index)) return null
  return { at: match.index, name: name.toLowerCase() }
}
