import { limits, roomRoles } from '../../contract/rules'
import type { ChatClient, Member, Room, RoomRole } from '../../sdk'
import { mayModerate, rightsIn } from '../rooms/room-rights'
import { ConfirmDialog } from '../ui/confirm-dialog'
import { Field } from '../ui/fields'

export type MemberAct =
  | { act: 'message' }
  | { act: 'role'; role: RoomRole }
  /** Null unmutes them. */
  | { act: 'mute'; minutes: number | null }
  | { act: 'remove' }
  | { act: 'ban' }

/** What the viewer may do with a member. */
export interface MemberChoices {
  message: boolean
  /** The roles that they can be given. */
  roles: RoomRole[]
  mute: boolean
  unmute: boolean
  remove: boolean
}

export function memberChoices(room: Room, { user, role, mutedUntil }: Member, me: string): MemberChoices {
  const isMe = user.username === me
  const reached = mayModerate(room, role)
  const roles = roomRoles.toReversed().filter((other) => other !== role)
  return {
    message: !isMe,
    roles: rightsIn(room).owns ? roles : [],
    mute: reached && !isMe && mutedUntil === null,
    unmute: reached && mutedUntil !== null,
    remove: reached && !isMe,
  }
}

/** Whether to ask for confirmation first. */
export const needsConfirmation = ({ act }: MemberAct, { user }: Member, me: string) =>
  act === 'remove' || act === 'ban' || (act === 'role' && user.username === me)

/** @returns the room to open afterwards; null for none */
export async function runMemberAct(
  client: ChatClient,
  room: string,
  { user }: Member,
  act: MemberAct,
  reason = '',
): Promise<string | null> {
  const onMember = { room, username: user.username }
  switch (act.act) {
    case 'message':
      return (await client.rooms.direct.mutate({ usernames: [user.username] })).id
    case 'role':
      await client.rooms.setRole.mutate({ ...onMember, role: act.role })
      return null
    case 'mute':
      if (act.minutes === null) await client.rooms.unmute.mutate(onMember)
      else await client.rooms.mute.mutate({ ...onMember, minutes: act.minutes })
      return null
    case 'remove':
      await client.rooms.remove.mutate(onMember)
      return null
    case 'ban':
      await client.rooms.ban.mutate({ ...onMember, reason })
      return null
  }
}

export interface UnconfirmedAct {
  member: Member
  act: MemberAct
}

interface ConfirmActProps extends UnconfirmedAct {
  client: ChatClient
  room: Room
  onDone(): void
  onClose(): void
}

/** Asks for confirmation before an act that `needsConfirmation`. */
export function ConfirmAct({ client, room, member, act, onDone, onClose }: ConfirmActProps) {
  const { title, description, confirm } = wordsOf(room, member, act)
  return (
    <ConfirmDialog
      title={title}
      description={description}
      confirm={confirm}
      act={(form) => runMemberAct(client, room.id, member, act, String(form.get('reason') ?? '').trim())}
      onDone={onDone}
      onClose={onClose}
    >
      {act.act === 'ban' && (
        <Field
          label="Reason (optional)"
          name="reason"
          dir="auto"
          autoComplete="off"
          maxLength={limits.banReason}
          hint="Moderators of this room can see it."
        />
      )}
    </ConfirmDialog>
  )
}

function wordsOf(room: Room, { user: { displayName: name } }: Member, act: MemberAct) {
  if (act.act === 'ban') {
    const description = "They will be removed right away and can't come back until a moderator unbans them."
    return { title: `Ban ${name} from ${room.name}?`, description, confirm: 'Ban' }
  }
  if (act.act === 'remove') {
    const description =
      room.kind === 'public'
        ? 'Their messages will stay. This is a public room, so they can join it again.'
        : "Their messages will stay. They'll need an invitation to come back."
    return { title: `Remove ${name} from ${room.name}?`, description, confirm: 'Remove' }
  }
  return {
    title: `Step down as an owner of ${room.name}?`,
    description: 'Only another owner or an admin can make you an owner again.',
    confirm: 'Step down',
  }
}
