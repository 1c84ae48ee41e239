import clsx from 'clsx'
import type { PersonPresence, PresenceState } from '../../sdk'
import { timeAgo } from '../ui/times'

/** Who is here, by username; who is not in it, is not known of. */
export type Presence = ReadonlyMap<string, PersonPresence>

const words: Record<PresenceState, string> = { here: 'online', away: 'away', offline: 'offline' }
const looks: Record<PresenceState, string> = {
  here: 'bg-accent',
  away: 'bg-spark',
  offline: 'border-[1.5px] border-line-strong bg-surface',
}

/** Whether somebody is here, on the corner of their avatar; nothing when it is not known. */
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

/** "Here now", "Last here 5 minutes ago"; nothing when it is not known. */
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
