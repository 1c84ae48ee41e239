import { limits } from '../../contract/rules'
import type { ChatClient, Member, Room } from '../../sdk'
import { ConfirmDialog } from '../ui/confirm-dialog'
import { Field } from '../ui/field'
import { doAct, type MemberAct } from './member-acts'

export interface AskedAct {
  member: Member
  act: MemberAct
}

interface ConfirmActProps extends AskedAct {
  client: ChatClient
  room: Room
  onDone(): void
  onClose(): void
}

/** Asks once more, in the words of the act. */
export function ConfirmAct({ client, room, member, act, onDone, onClose }: ConfirmActProps) {
  const { title, description, confirm } = wordsOf(room, member, act)
  return (
    <ConfirmDialog
      title={title}
      description={description}
      confirm={confirm}
      act={(form) => doAct(client, room.id, member, act, String(form.get('reason') ?? '').trim())}
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
          hint="Moderators of this room see it."
        />
      )}
    </ConfirmDialog>
  )
}

function wordsOf(room: Room, { user: { displayName: name } }: Member, act: MemberAct) {
  if (act.act === 'ban') {
    const description = 'They are removed at once, and cannot come back until somebody lifts the ban.'
    return { title: `Ban ${name} from ${room.name}?`, description, confirm: 'Ban' }
  }
  if (act.act === 'remove') {
    const description =
      room.kind === 'public'
        ? 'What they wrote stays. It is a public room: they can join it again.'
        : 'What they wrote stays. To come back, they have to be invited.'
    return { title: `Remove ${name} from ${room.name}?`, description, confirm: 'Remove' }
  }
  return {
    title: `Step down as an owner of ${room.name}?`,
    description: 'Only another owner can make you an owner again.',
    confirm: 'Step down',
  }
}
