/** How many people a line names; all are counted. */
export const namedLimit = 3

/** @param names display names. @param count how many people are typing */
export function typingWords([first, second, third]: readonly string[], count: number): string {
  if (count > namedLimit) return 'Several people are typing…'
  if (third) return `${first}, ${second} and ${third} are typing…`
  return second ? `${first} and ${second} are typing…` : `${first} is typing…`
}
