import clsx from 'clsx'
import { lazy, type PointerEvent, Suspense, useEffect, useRef, useState } from 'react'
import type { Message } from '../../../sdk'
import { nameOfEmoji } from '../emoji/emoji'
import { useMessageActs } from './message-acts'

const loadTip = () => import('./reaction-tip')
const ReactionTip = lazy(loadTip)

/** The reactions to a message. Pressing one adds or removes the viewer's own. */
export function Reactions({ message }: { message: Message }) {
  if (message.reactions.length === 0) return null
  return (
    <ul aria-label="Reactions" className="mouse:mt-1 mouse:mb-0.5 flex flex-wrap gap-x-1.5 mouse:gap-1">
      {message.reactions.map((reaction) => (
        <li key={reaction.emoji} className="max-w-full">
          <ReactionButton message={message} reaction={reaction} />
        </li>
      ))}
    </ul>
  )
}

const hoverMs = 300
const pressMs = 450
/** How long the names stay after a long press. */
const shownAfterPressMs = 4_000

/** Hovering or focusing it shows who reacted, and so does a long press. */
function ReactionButton({ message, reaction }: { message: Message; reaction: Message['reactions'][number] }) {
  const acts = useMessageActs()
  const [showsNames, setShowsNames] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const wasLongPress = useRef(false)
  const isOwn = reaction.usernames.includes(acts.me)
  useEffect(() => () => clearTimeout(timer.current), [])

  function showIn(ms: number, isShown = true) {
    clearTimeout(timer.current)
    timer.current = setTimeout(() => setShowsNames(isShown), ms)
  }

  function hide() {
    clearTimeout(timer.current)
    setShowsNames(false)
  }

  function onPointerDown({ pointerType }: PointerEvent) {
    wasLongPress.current = false
    if (pointerType === 'mouse') return
    clearTimeout(timer.current)
    timer.current = setTimeout(() => {
      wasLongPress.current = true
      setShowsNames(true)
      showIn(shownAfterPressMs, false)
    }, pressMs)
  }

  return (
    <>
      <button
        ref={button}
        type="button"
        aria-pressed={isOwn}
        aria-label={`${nameOfEmoji(reaction.emoji)}, ${reaction.count}`}
        aria-disabled={!acts.mayAct}
        onPointerEnter={({ pointerType }) => {
          if (pointerType !== 'mouse') return
          void loadTip()
          showIn(hoverMs)
        }}
        onPointerLeave={({ pointerType }) => pointerType === 'mouse' && hide()}
        data-own-press
        onPointerDown={onPointerDown}
        onPointerUp={() => wasLongPress.current || clearTimeout(timer.current)}
        onPointerCancel={hide}
        onFocus={({ target }) => target.matches(':focus-visible') && setShowsNames(true)}
        onBlur={hide}
        onKeyDown={(event) => {
          if (event.key !== 'Escape' || !showsNames) return
          event.preventDefault()
          event.stopPropagation()
          hide()
        }}
        onContextMenu={(event) => wasLongPress.current && event.preventDefault()}
        onClick={() => {
          if (acts.mayAct && !wasLongPress.current) acts.toggleReaction(message, reaction.emoji)
          wasLongPress.current = false
        }}
        // On a touch screen, the target is larger than it looks, without overlapping its neighbours.
        className="group/reaction flex h-10 min-w-10 max-w-full select-none items-center rounded-full mouse:h-6.5 mouse:min-w-0 [-webkit-touch-callout:none]"
      >
        <span
          className={clsx(
            'flex h-8 min-w-0 flex-1 items-center justify-center gap-1.5 overflow-hidden rounded-full border px-2.5 text-sm tabular-nums transition-colors duration-(--swift) mouse:h-full mouse:px-2',
            isOwn
              ? 'border-accent bg-accent-soft font-semibold text-accent'
              : 'border-line bg-raised text-soft group-hover/reaction:border-line-strong',
          )}
        >
          <span className="emoji font-normal text-base leading-none">{reaction.emoji}</span>
          {reaction.count}
        </span>
      </button>
      {showsNames && (
        <Suspense>
          <ReactionTip anchor={button} reaction={reaction} me={acts.me} />
        </Suspense>
      )}
    </>
  )
}
