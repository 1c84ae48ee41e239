import { useCallback, useMemo, useState } from 'react'
import { hasRoomRole } from '../../../contract/rules'
import type { Chat, ChatRoom, Message, Room, RoomTimeline } from '../../../sdk'
import { quoteOf } from '../../../sdk/quotes'
import { formatDuration } from '../../ui/times'
import { commandsIn, findCommand, findUnknownCommand, runCommand } from './commands'
import { useCompletionSources } from './completion-sources'
import { Composer } from './composer'
import { ReplyBar, UnsavedEdit } from './composer-mode'
import { type Drafts, useDraft } from './drafts'
import { openEdit } from './edit-in-place'
import { useSlowMode } from './slow-mode'
import { TypingLine } from './typing-line'

interface ComposerPanelProps {
  client: Chat
  handle: Pick<ChatRoom, 'id' | 'send' | 'edit' | 'typing'>
  timeline: Pick<RoomTimeline, 'messages' | 'unsent'>
  listed: Room | undefined
  name: string
  me: string
  typing: readonly string[]
  drafts: Drafts
  /** Why the viewer may not write here; null when they may. */
  refusal: string | null
  onSent(): void
  onLeave?(): void
  /** Shows a message, however far away it is. */
  onJump(seq: number): void
  /** The id of the field. */
  fieldId?: string
  /** Where its drafts are; by default in the room. */
  place?: string
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
  fieldId = 'composer',
  place = handle.id,
  ...on
}: ComposerPanelProps) {
  const { id: room } = handle
  const { onSent, onLeave, onJump } = on
  const isSlow = listed !== undefined && listed.slowModeSeconds > 0 && !hasRoomRole(listed.role, 'moderator')
  const slowModeSeconds = isSlow ? listed.slowModeSeconds : 0
  const lastOwn = timeline.messages.findLast(({ author, kind }) => kind === 'text' && author.username === me)
  const waitSeconds = useSlowMode(slowModeSeconds, lastOwn?.time)
  const hasPending = timeline.unsent.some(({ state }) => state === 'pending')

  const mayLeave = onLeave !== undefined
  const commands = useMemo(() => commandsIn(listed).filter(({ name }) => name !== 'leave' || mayLeave), [listed, mayLeave])
  const sources = useCompletionSources({ client, room, me, commands })
  const [refused, setRefused] = useState<string | null>(null)
  const notifyTyping = useCallback((text: string) => text !== '' && handle.typing(), [handle])
  const draft = useDraft(drafts, place)
  const { reply, edit } = draft
  const answered = reply && timeline.messages.find(({ seq }) => seq === reply.seq)
  const isAnsweredGone = answered != null && answered.deletedAt !== null
  const unknown = findUnknownCommand(draft.text, commands)
  const cancelReply = () => drafts.update(place, { reply: null })

  function send(text: string) {
    handle.send(text, reply && !isAnsweredGone ? { replyTo: answered ? quoteOf(answered) : reply } : {})
    drafts.update(place, { text: '', reply: null })
    onSent()
  }

  async function submit(text: string) {
    const found = findCommand(text, commands)
    if (!found || !listed) return send(text)
    drafts.update(place, { text: '' })
    const problem = await runCommand(found, { client, room: listed, send, onLeave: () => onLeave?.() })
    if (problem === null) return
    setRefused(problem)
    if (drafts.in(place).get().text === '') drafts.update(place, { text })
  }

  return (
    <div className="mx-auto w-full max-w-(--measure) shrink-0 pb-[max(0.75rem,env(safe-area-inset-bottom))] md:pb-4">
      <div className="flex items-center">
        <div className="min-w-0 flex-1">
          <TypingLine client={client} typing={typing} me={me} />
        </div>
        {isSlow && !refusal && (
          <p className="px-4 text-faint text-xs leading-5 md:px-6">
            Slow mode: {formatDuration(slowModeSeconds)}
            <span className="hidden md:inline"> between messages</span>
          </p>
        )}
      </div>
      <div className="px-3 pt-0.5 md:px-6">
        {edit && (
          <UnsavedEdit
            edit={edit}
            message={timeline.messages.find(({ seq }) => seq === edit.seq)}
            onContinue={() => {
              openEdit(drafts, place, { seq: edit.seq, text: edit.from })
              // A jump moves the focus. To a message that is there already, the focus on its field scrolls.
              if (!document.querySelector(`[role=log] [data-seq="${edit.seq}"]`)) onJump(edit.seq)
            }}
            onReuse={() => drafts.update(place, { text: draft.text === '' ? edit.text : `${draft.text}\n${edit.text}`, edit: null })}
            onDiscard={() => drafts.update(place, { edit: null })}
          />
        )}
        {renderComposer()}
      </div>
    </div>
  )

  function renderComposer() {
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
        bar={reply && <ReplyBar to={answered ? quoteOf(answered) : reply} isRemoved={isAnsweredGone} onCancel={cancelReply} />}
        about={reply?.seq ?? null}
        waitSeconds={waitSeconds}
        isBlocked={isSlow && hasPending}
        sources={sources}
        hint={
          refused !== null ? (
            <p role="alert" className="mt-1.5 px-1 text-danger text-xs">
              {refused}
            </p>
          ) : (
            unknown !== null && (
              <p role="status" className="mt-1.5 px-1 text-soft text-xs [overflow-wrap:anywhere]">
                There is no command /{unknown}. This will be sent as text.
              </p>
            )
          )
        }
        onChange={(text) => {
          setRefused(null)
          drafts.update(place, { text })
          notifyTyping(text)
        }}
        onSubmit={(text) => void submit(text)}
        onCancel={reply ? cancelReply : undefined}
        onBack={() => {
          const last = timeline.messages.findLast((message) => isOwnText(message, me))
          if (last) openEdit(drafts, place, last)
        }}
      />
    )
  }
}

const isOwnText = ({ kind, author, deletedAt }: Message, me: string) => kind === 'text' && author.username === me && deletedAt === null
