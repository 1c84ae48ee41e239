import { useCallback, useMemo, useState } from 'react'
import { type ChatClient, type ChatFailure, type Message, type Room, type RoomHandle, type RoomTimeline, readFailure } from '../../sdk'
import { Composer } from './composer'
import type { Drafts } from './drafts'
import { formatWait, useSlowMode } from './slow-mode'
import { createTypingNews } from './typing'
import { TypingLine } from './typing-line'
import { quoteOf, type Writing } from './writing'
import { WritingBar } from './writing-bar'

interface WritingDeskProps {
  client: ChatClient
  handle: RoomHandle
  timeline: RoomTimeline
  listed: Room | undefined
  name: string
  me: string
  typing: readonly string[]
  drafts: Drafts
  /** Why nothing can be written here; null when it can. */
  refusal: string | null
  writing: Writing
  onWriting(writing: Writing): void
  onSent(): void
}

/** Below the messages: who is writing, and the text of the one who reads. */
export function WritingDesk({ client, handle, timeline, listed, name, me, typing, drafts, refusal, writing, ...on }: WritingDeskProps) {
  const { room } = handle
  const isSlow = listed !== undefined && listed.slowModeSeconds > 0 && listed.role === 'member'
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
  const tellTyping = useMemo(() => createTypingNews(client, room), [client, room])
  const leave = () => on.onWriting({ mode: 'new' })

  return (
    <div className="shrink-0 pb-[max(0.75rem,env(safe-area-inset-bottom))] md:pb-4">
      <div className="flex items-center">
        <div className="min-w-0 flex-1">
          <TypingLine typing={typing} me={me} />
        </div>
        {isSlow && !refusal && (
          <p className="px-4 text-faint text-xs leading-5 md:px-6">
            Slow mode: {formatWait(slowModeSeconds)}
            <span className="hidden md:inline"> between messages</span>
          </p>
        )}
      </div>
      <div className="px-3 pt-0.5 md:px-6">{renderText()}</div>
    </div>
  )

  function renderText() {
    if (writing.mode === 'edit') {
      return <EditedText key={writing.message.seq} {...{ handle, findMembers }} message={writing.message} onDone={leave} />
    }
    if (refusal) {
      return (
        <p
          id="composer"
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
        label={`Message ${name}`}
        initial={drafts.get(room)}
        bar={writing.mode === 'reply' && <WritingBar writing={writing} onCancel={leave} />}
        about={writing.mode === 'reply' ? writing.to : null}
        waitSeconds={waitSeconds}
        isHeld={isSlow && hasPending}
        findMembers={findMembers}
        onChange={(text) => {
          drafts.set(room, text)
          tellTyping(text)
        }}
        onSubmit={(text) => {
          handle.send(text, writing.mode === 'reply' ? { replyTo: quoteOf(writing.to) } : {})
          leave()
          on.onSent()
        }}
        onCancel={leave}
        onBack={() => {
          const last = timeline.messages.findLast((message) => isOwnText(message, me))
          if (last) on.onWriting({ mode: 'edit', message: last })
        }}
      />
    )
  }
}

const isOwnText = ({ kind, author, deletedAt }: Message, me: string) => kind === 'text' && author.username === me && deletedAt === null

interface EditedTextProps {
  handle: RoomHandle
  message: Message
  findMembers: (query: string) => Promise<Message['author'][]>
  onDone(): void
}

function EditedText({ handle, message, findMembers, onDone }: EditedTextProps) {
  const [isSaving, setSaving] = useState(false)
  const [failure, setFailure] = useState<ChatFailure | null>(null)

  async function save(text: string) {
    if (text === message.text) return onDone()
    setSaving(true)
    try {
      await handle.edit(message.seq, text)
      onDone()
    } catch (error) {
      setFailure(readFailure(error))
      setSaving(false)
    }
  }

  return (
    <>
      {failure && (
        <p role="alert" className="mb-1.5 px-1 text-danger text-sm">
          Not saved. {failure.fields?.text ? `The text ${failure.fields.text}.` : failure.words}
        </p>
      )}
      <Composer
        label="Edit message"
        initial={message.text}
        isEdit
        about={message}
        isHeld={isSaving}
        bar={<WritingBar writing={{ mode: 'edit', message }} onCancel={onDone} />}
        findMembers={findMembers}
        onChange={() => setFailure(null)}
        onSubmit={save}
        onCancel={onDone}
      />
    </>
  )
}
