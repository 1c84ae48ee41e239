import clsx from 'clsx'

export type PresenceState = 'here' | 'away' | 'offline'

/** Who is here, by username; who is not in it, is not known of. */
export type Presence = ReadonlyMap<string, { state: PresenceState }>

const words: Record<PresenceState, string> = { here: 'here now', away: 'away', offline: 'offline' }
const looks: Record<PresenceState, string> = {
  here: 'bg-accent',
  away: 'bg-spark',
  offline: 'border-[1.5px] border-line-strong bg-surface',
}

/** Whether somebody is here, on the corner of their avatar; nothing when it is not known. */
export function PresenceDot({ state, className }: { state: PresenceState | null; className?: string }) {
  if (!state) return null
  return (
    <span
      role="img"
      aria-label={words[state]}
      title={words[state]}
      className={clsx('inline-block size-2.5 shrink-0 rounded-full ring-2 ring-surface', looks[state], className)}
    />
  )
}
