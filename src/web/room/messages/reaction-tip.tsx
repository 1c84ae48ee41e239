import * as Popover from 'radix-ui/popover'
import { type RefObject, useEffect, useId } from 'react'
import type { Message } from '../../../sdk'
import { usePeopleNames } from '../../../sdk/react/people-names'
import { useLandmark } from '../../ui/landmark'
import { useWritingPlace } from '../composer/edit-in-place'
import { nameOfEmoji } from '../emoji/emoji'
import { reactionWords, shownReactors } from './reaction-words'

interface ReactionTipProps {
  anchor: RefObject<HTMLElement | null>
  reaction: Message['reactions'][number]
  me: string
}

/** Says who reacted, above the reaction. It cannot be reached itself: the reaction's button says it too. */
export default function ReactionTip({ anchor, reaction, me }: ReactionTipProps) {
  const id = useId()
  const shown = shownReactors(reaction, me)
  const names = usePeopleNames(useWritingPlace()?.client ?? null, shown)
  const [landmark, place] = useLandmark()
  const isReady = shown.every((username) => names.has(username))
  useEffect(() => {
    const button = anchor.current
    button?.setAttribute('aria-describedby', id)
    return () => button?.removeAttribute('aria-describedby')
  }, [anchor, id])
  if (!isReady) return null
  return (
    <Popover.Root open>
      <Popover.Anchor virtualRef={anchor as RefObject<HTMLElement>} />
      {place}
      {landmark && (
        <Popover.Portal container={landmark}>
          <Popover.Content
            id={id}
            role="tooltip"
            side="top"
            sideOffset={4}
            collisionPadding={8}
            onOpenAutoFocus={(event) => event.preventDefault()}
            onCloseAutoFocus={(event) => event.preventDefault()}
            className="menu pointer-events-none z-20 max-w-64 rounded-m border border-line bg-raised px-3 py-2 text-center text-sm shadow-high outline-none [overflow-wrap:anywhere]"
          >
            <span aria-hidden="true" className="emoji mb-1 block text-2xl leading-none">
              {reaction.emoji}
            </span>
            {reactionWords({
              names: shown.map((username) => (username === me ? 'You' : (names.get(username) ?? username))),
              others: reaction.count - shown.length,
              emoji: nameOfEmoji(reaction.emoji),
            })}
          </Popover.Content>
        </Popover.Portal>
      )}
    </Popover.Root>
  )
}
