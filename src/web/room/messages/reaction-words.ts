import type { Message } from '../../../sdk'

const namedLimit = 10

/** The usernames to show for a reaction: the viewer's first, and not too many. */
export function shownReactors({ usernames }: Message['reactions'][number], me: string): string[] {
  const others = usernames.filter((username) => username !== me)
  return [...(others.length < usernames.length ? [me] : []), ...others].slice(0, namedLimit)
}

/** @example reactionWords({ names: ['You', 'Ben'], others: 3, emoji: 'fire' }) // "You, Ben and 3 others reacted with fire" */
export function reactionWords({ names, others, emoji }: { names: readonly string[]; others: number; emoji: string }): string {
  const all = others > 0 ? [...names, `${others.toLocaleString()} ${others === 1 ? 'other' : 'others'}`] : names
  const listed = all.length > 1 ? `${all.slice(0, -1).join(', ')} and ${all.at(-1)}` : all.join()
  return `${listed} reacted with ${emoji}`
}
