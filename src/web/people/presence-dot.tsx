import clsx from 'clsx'
import type { PersonPresence, PresenceState } from '../../sdk'
import { timeAgo } from '../ui/times'

/** The presence of people by username. People who are missing have an unknown presence. */
export type Presence = ReadonlyMap<string, PersonPresence>

const words: Record<PresenceState, string> = { here: 'online', away: 'away', offline: 'offline' }
const looks: Record<PresenceState, string> = {
  here: 'bg-accent',
  away: 'bg-spark',
  offline: 'border-[1.5px] border-line-strong bg-surface',
}

/** A dot for an avatar's corner that shows whether somebody is online; nothing when that is not known. */
export function PresenceDot({ state, title, className }: { state: PresenceState | null; title?: string | undefined; className?: string }) {
  if (!state) return null
  return (
    <span
      role="img"
      aria-label={words[state]}
      title={title ?? words[state]}
      className={clsx('inline-block size-2.5 shrink-0 rounded-full ring-2 ring-surface', looks[state], className)}
    />
  )
}

/** "Online", "Last seen 5 minutes ago"; undefined when it is not known. */
export function presenceWords(presence: PersonPresence | undefined): string | undefined {
  switch (presence?.state) {
    case undefined:
      return undefined
    case 'here':
      return 'Online'
    case 'away':
      return 'Away'
    case 'offline':
      return presence.lastSeen ? `Last seen ${timeAgo(presence.lastSeen)}` : 'Offline'
  }
}
