import clsx from 'clsx'

/** A person's initials, on a colour that is made from their username. */
export function Avatar({ username, displayName, className }: { username: string; displayName: string; className?: string }) {
  return (
    <span
      aria-hidden="true"
      data-hue={hueOf(username)}
      className={clsx(
        'avatar inline-flex size-9 shrink-0 select-none items-center justify-center rounded-m font-semibold text-[0.8125rem]',
        className,
      )}
    >
      {initialsOf(displayName || username)}
    </span>
  )
}

function initialsOf(name: string): string {
  const words = name.split(/[\s._-]+/u).filter((word) => /[\p{L}\p{N}]/u.test(word))
  const first = words[0] ?? name
  const last = words.length > 1 ? words.at(-1) : undefined
  return [first, last].map((word) => firstCharacter(word ?? '')).join('')
}

/** The first character as people see it: a letter with its accents, or a whole emoji. */
function firstCharacter(word: string): string {
  const [first] = new Intl.Segmenter().segment(word)
  return first?.segment.toUpperCase() ?? ''
}

function hueOf(username: string): number {
  let hash = 7
  for (const character of username) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 3_600
  return (hash % 24) * 15
}
