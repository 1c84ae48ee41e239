import { hasRoomRole, limits, roomRoles } from '../../contract/rules'
import type { Chat, Member, Room, RoomRole } from '../../sdk'
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

/** Whether the viewer would have a lower role than now. An admin can also give themselves a higher one. */
export const isStepDown = (role: RoomRole, member: Member, me: string) => member.user.username === me && !hasRoomRole(role, member.role)

/** Whether to ask for confirmation first. */
export const needsConfirmation = (act: MemberAct, member: Member, me: string) =>
  act.act === 'remove' || act.act === 'ban' || (act.act === 'role' && isStepDown(act.role, member, me))

/** @returns the room to open afterwards; null for none */
export async function runMemberAct(client: Chat, room: string, { user }: Member, act: MemberAct, reason = ''): Promise<string | null> {
  const onMember = { room, username: user.username }
  switch (act.act) {
    case 'message':
      return (await client.trpc.rooms.direct.mutate({ usernames: [user.username] })).id
    case 'role':
      await client.trpc.rooms.setRole.mutate({ ...onMember, role: act.role })
      return null
    case 'mute':
      if (act.minutes === null) await client.trpc.rooms.unmute.mutate(onMember)
      else await client.trpc.rooms.mute.mutate({ ...onMember, minutes: act.minutes })
      return null
    case 'remove':
      await client.trpc.rooms.remove.mutate(onMember)
      return null
    case 'ban':
      await client.trpc.rooms.ban.mutate({ ...onMember, reason })
      return null
  }
}

export interface UnconfirmedAct {
  member: Member
  act: MemberAct
}

interface ConfirmActProps extends UnconfirmedAct {
  client: Chat
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

function wordsOf(room: Room, { user: { displayName: name }, role }: Member, act: MemberAct) {
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
  const office = role === 'owner' ? 'an owner' : 'a moderator'
  return {
    title: `Step down as ${office} of ${room.name}?`,
    description: `Only an owner or an admin can make you ${office} again.`,
    confirm: 'Step down',
  }
}
