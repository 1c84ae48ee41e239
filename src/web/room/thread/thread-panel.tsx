import { useCallback, useEffect, useMemo } from 'react'
import type { Chat, ChatRoom, Room } from '../../../sdk'
import { useStore } from '../../../sdk/react'
import type { Visitor } from '../../account/visitor'
import { FailureLine, useAct } from '../../ui/act'
import { Button } from '../../ui/button'
import { useHandle } from '../../ui/handle'
import { hasHoveringPointer, useWideScreen } from '../../ui/media'
import { Notice } from '../../ui/notice'
import { useCompletionSources } from '../composer/completion-sources'
import { ComposerPanel } from '../composer/composer-panel'
import { type Drafts, threadPlace } from '../composer/drafts'
import { WritingPlaceProvider } from '../composer/edit-in-place'
import { useMessageRights } from '../message-rights'
import { composerIdOf, useMessageActing } from '../messages/message-acting'
import { MessageActsProvider } from '../messages/message-acts'
import { SidePanelFrame } from '../side-panel'
import { ThreadMessages } from './thread-messages'

interface ThreadPanelProps {
  client: Chat
  handle: ChatRoom
  /** The first message of the thread. */
  seq: number
  /** The room in the person's list; undefined while it is not in it. */
  listed: Room | undefined
  visitor: Visitor
  drafts: Drafts
  onClose(): void
}

const nobody: readonly string[] = []
const nothing = { get: () => null, subscribe: () => () => {} }

/** A message and the chain of its answers, beside the room. They are messages of the room like all others. */
export default function ThreadPanel({ client, handle, seq, listed, visitor, drafts, onClose }: ThreadPanelProps) {
  const { id: room } = handle
  const me = visitor.username
  const place = threadPlace(room, seq)
  const thread = useHandle(useCallback(() => client.thread(room, seq), [client, room, seq]))
  const state = useStore(thread?.state ?? nothing)
  const { timeline } = useStore(handle.state)
  const rights = useMessageRights(listed, timeline.messages)
  const { failure, run, dismiss } = useAct({ concurrent: true })
  const isWide = useWideScreen()
  const onJump = useCallback(() => isWide || onClose(), [isWide, onClose])
  const sources = useCompletionSources({ client, room, me })
  const writing = useMemo(() => ({ place, client, drafts, handle, sources }), [place, client, drafts, handle, sources])
  const { acts, dialog } = useMessageActing({
    ...{ handle, drafts, place, me, rights, run, onJump },
    markUnread: handle.markUnread,
    openThread: null,
  })
  useEffect(() => {
    // Opened by a button, so it is to be written in. On a phone, the focus would open the keyboard over the messages.
    if (hasHoveringPointer() && state?.state === 'live') acts.focusComposer()
  }, [acts, state?.state])

  return (
    <SidePanelFrame title="Thread" closeLabel="Close the thread" onClose={onClose}>
      <MessageActsProvider value={acts}>
        <WritingPlaceProvider value={writing}>
          <div data-place={place} className="flex min-h-0 flex-1 flex-col">
            {renderThread()}
          </div>
        </WritingPlaceProvider>
        {dialog}
      </MessageActsProvider>
    </SidePanelFrame>
  )

  function renderThread() {
    if (!thread || !state || state.state === 'loading') return <p className="late px-4 py-3 text-soft text-sm">Loading…</p>
    if (state.state === 'ended' || !state.root) {
      return (
        <Notice title="Couldn't open the thread" actions={<Button onClick={thread.reopen}>Try again</Button>}>
          {state.state === 'ended' ? state.reason.words : ''}
        </Notice>
      )
    }
    const { root, messages, unsent } = state
    return (
      <>
        <ThreadMessages thread={thread} state={{ ...state, root }} visitor={visitor} />
        <FailureLine failure={failure} onDismiss={dismiss} className="mx-3 mb-1 shrink-0" />
        <ComposerPanel
          client={client}
          handle={{ id: room, send: thread.send, edit: handle.edit, typing: handle.typing }}
          timeline={{ messages: [root, ...messages], unsent }}
          fieldId={composerIdOf(place)}
          name="this thread"
          typing={nobody}
          {...{ listed, me }}
          drafts={drafts}
          place={place}
          refusal={rights.refusal}
          onJump={acts.jumpTo}
          onSent={() => {}}
        />
      </>
    )
  }
}
