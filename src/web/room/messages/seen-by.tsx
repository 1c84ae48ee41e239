import { useState } from 'react'
import type { User } from '../../../sdk'
import { Avatar } from '../../ui/avatar'
import { useSeenAt } from '../seen'

const maxFaces = 5
const list = new Intl.ListFormat('en')

/** The faces of those who have read up to this message. Hovering, focusing or pressing them shows the names. */
export function SeenBy({ seq, author }: { seq: number; author: string }) {
  const everybody = useSeenAt(seq)
  const [showsNames, setShowsNames] = useState(false)
  // That authors have seen what they wrote goes without saying.
  const readers = everybody.filter(({ username }) => username !== author)
  if (readers.length === 0) return null
  const words = `Seen by ${list.format(readers.map(({ displayName }) => displayName))}`
  return (
    <div className="flex justify-end">
      <button
        type="button"
        aria-label={words}
        onClick={() => setShowsNames(!showsNames)}
        onBlur={() => setShowsNames(false)}
        className="group/seen flex min-h-6 min-w-6 max-w-full items-center gap-1 rounded-s text-faint text-xs"
      >
        <span className={showsNames ? 'truncate' : 'hidden truncate group-hover/seen:inline group-focus-visible/seen:inline'}>{words}</span>
        <span className="flex shrink-0 gap-0.5">
          {readers.slice(0, maxFaces).map((user: User) => (
            <Avatar key={user.id} {...user} className="size-4! rounded-full! text-[0.4375rem]!" />
          ))}
          {readers.length > maxFaces && <span>+{readers.length - maxFaces}</span>}
        </span>
      </button>
    </div>
  )
}
