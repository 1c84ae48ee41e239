import { Hash, Lock, UsersRound } from 'lucide-react'
import type { RoomKind, User } from '../../sdk'
import { Avatar } from '../ui/avatar'

const roomIcons = { public: Hash, private: Lock, direct: UsersRound }
const kindWords = { public: 'Public room', private: 'Private room', direct: 'Direct room' }

export function RoomIcon({ kind, className }: { kind: RoomKind; className?: string }) {
  const Icon = roomIcons[kind]
  return <Icon role="img" aria-label={kindWords[kind]} className={className ?? 'size-4 shrink-0 text-faint'} />
}

/** The icon of a room, or the other person's avatar in a direct room of two. */
export function RoomMark({ kind, people }: { kind: RoomKind; people: readonly User[] }) {
  const [other, ...others] = people
  if (!other || others.length > 0) return <RoomIcon kind={kind} />
  return <Avatar {...other} className="-mx-0.5 size-5! rounded-s! text-[0.5625rem]!" />
}
