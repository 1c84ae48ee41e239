import { useCallback, useMemo } from 'react'
import { hasRoomRole } from '../../../contract/rules'
import type { ChatClient, Message, Room, RoomHandle, RoomTimeline } from '../../../sdk'
import { fieldError, useAct } from '../../ui/act'
import { formatDuration } from '../../ui/times'
import { Composer } from './composer'
import { EditBar, ReplyBar } from './composer-mode'
import { type Drafts, type EditDraft, useDraft } from './drafts'
import type { FindMembers } from './mention-suggestions'
import { useSlowMode } from './slow-mode'
import { createTypingNotifier, TypingLine } from './typing-line'

interface ComposerPanelProps {
  client: ChatClient
  handle: Pick<RoomHandle, 'room' | 'send' | 'edit'>
  timeline: Pick<RoomTimeline, 'messages' | 'unsent'>
  listed: Room | undefined
  name: string
  me: string
  typing: readonly string[]
  drafts: Drafts
  /** Why the viewer may not write here; null when they may. */
  refusal: string | null
  onSent(): void
  /** The id of the field. */
  fieldId?: string
}

/** Everything below the messages: who is typing, and the composer or the reason why there is none. */
export function ComposerPanel({
  client,
  handle,
  timeline,
  listed,
  name,
  me,
  typing,
  drafts,
  refusal,
  onSent,
  fieldId = 'composer',
}: ComposerPanelProps) {
  const { room } = handle
  const isSlow = listed !== undefined && listed.slowModeSeconds > 0 && !hasRoomRole(listed.role, 'moderator')
  const slowModeSeconds = isSlow ? listed.slowModeSeconds : 0
  const lastOwn = timeline.messages.findLast(({ author, kind }) => kind === 'text' && author.username === me)
  const waitSeconds = useSlowMode(slowModeSeconds, lastOwn?.time)
  const hasPending = timeline.unsent.some(({ state }) => state === 'pending')

  const findMembers = useCallback(
    async (query: string) => {
      const { members } = await client.rooms.members.query({ room, query })
      return members.map(({ user }) => user).filter(({ username }) => username !== me)
    },
    [client, room, me],
  )
  const notifyTyping = useMemo(() => createTypingNotifier(client, room), [client, room])
  const draft = useDraft(drafts, room)
  const { reply, edit } = draft
  const cancelReply = () => drafts.update(room, { reply: null })
  const cancelEdit = () => drafts.update(room, { edit: null })

  return (
    <div className="mx-auto w-full max-w-(--measure) shrink-0 pb-[max(0.75rem,env(safe-area-inset-bottom))] md:pb-4">
      <div className="flex items-center">
        <div className="min-w-0 flex-1">
          <TypingLine typing={typing} me={me} />
        </div>
        {isSlow && !refusal && (
          <p className="px-4 text-faint text-xs leading-5 md:px-6">
            Slow mode: {formatDuration(slowModeSeconds)}
            <span className="hidden md:inline"> between messages</span>
          </p>
        )}
      </div>
      <div className="px-3 pt-0.5 md:px-6">{renderComposer()}</div>
    </div>
  )

  function renderComposer() {
    if (edit) {
      return (
        <EditComposer
          key={edit.seq}
          {...{ handle, findMembers, edit, fieldId }}
          onText={(text) => drafts.update(room, { edit: { ...edit, text } })}
          onDone={cancelEdit}
        />
      )
    }
    if (refusal) {
      return (
        <p
          id={fieldId}
          role="status"
          tabIndex={-1}
          className="rounded-l border border-line bg-canvas px-4 py-3 text-center text-soft text-sm outline-none"
        >
          {refusal}
        </p>
      )
    }
    return (
      <Composer
        key="new"
        fieldId={fieldId}
        label={`Message ${name}`}
        text={draft.text}
        bar={reply && <ReplyBar to={reply} onCancel={cancelReply} />}
        about={reply?.seq ?? null}
        waitSeconds={waitSeconds}
        isBlocked={isSlow && hasPending}
        room={room}
        findMembers={findMembers}
        onChange={(text) => {
          drafts.update(room, { text })
          notifyTyping(text)
        }}
        onSubmit={(text) => {
          handle.send(text, reply ? { replyTo: reply } : {})
          drafts.update(room, { text: '', reply: null })
          onSent()
        }}
        onCancel={cancelReply}
        onBack={() => {
          const last = timeline.messages.findLast((message) => isOwnText(message, me))
          if (last) drafts.update(room, { edit: { seq: last.seq, from: last.text, text: last.text } })
        }}
      />
    )
  }
}

const isOwnText = ({ kind, author, deletedAt }: Message, me: string) => kind === 'text' && author.username === me && deletedAt === null

interface EditComposerProps {
  handle: Pick<RoomHandle, 'room' | 'edit'>
  edit: EditDraft
  fieldId: string
  findMembers: FindMembers
  onText(text: string): void
  onDone(): void
}

function EditComposer({ handle, edit, fieldId, findMembers, onText, onDone }: EditComposerProps) {
  const { pending, failure, run, dismiss } = useAct()

  function save(text: string) {
    if (text === edit.from) return onDone()
    void run(async () => {
      await handle.edit(edit.seq, text)
      onDone()
    })
  }

  return (
    <>
      {failure && (
        <p role="alert" className="mb-1.5 px-1 text-danger text-sm">
          Not saved. {fieldError(failure, 'text', 'The text') ?? failure.words}
        </p>
      )}
      <Composer
        fieldId={fieldId}
        label="Edit message"
        text={edit.text}
        isEdit
        about={edit.seq}
        isBlocked={pending}
        bar={<EditBar onCancel={onDone} />}
        room={handle.room}
        findMembers={findMembers}
        onChange={(text) => {
          dismiss()
          onText(text)
        }}
        onSubmit={save}
        onCancel={onDone}
      />
    </>
  )
}
