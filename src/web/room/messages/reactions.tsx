import clsx from 'clsx'
import type { Message } from '../../../sdk'
import { nameOfEmoji } from '../emoji/emoji'
import { useMessageActs } from './message-acts'

/** The reactions to a message. Pressing one adds or removes the viewer's own. */
export function Reactions({ message }: { message: Message }) {
  const acts = useMessageActs()
  if (message.reactions.length === 0) return null
  return (
    <ul aria-label="Reactions" className="mouse:mt-1 mouse:mb-0.5 flex flex-wrap gap-x-1.5 mouse:gap-1">
      {message.reactions.map((reaction) => {
        const isOwn = reaction.usernames.includes(acts.me)
        return (
          <li key={reaction.emoji} className="max-w-full">
            <button
              type="button"
              aria-pressed={isOwn}
              aria-label={`${nameOfEmoji(reaction.emoji)}, ${reaction.count}`}
              title={namesOf(reaction)}
              disabled={!acts.mayAct}
              onClick={() => acts.toggleReaction(message, reaction.emoji)}
              // On a touch screen, the target is larger than it looks, without overlapping its neighbours.
              className="group/reaction flex h-10 min-w-10 max-w-full items-center rounded-full mouse:h-6.5 mouse:min-w-0"
            >
              <span
                className={clsx(
                  'flex h-8 min-w-0 flex-1 items-center justify-center gap-1.5 overflow-hidden rounded-full border px-2.5 text-sm tabular-nums transition-colors duration-(--swift) mouse:h-full mouse:px-2',
                  isOwn
                    ? 'border-accent bg-accent-soft font-semibold text-accent'
                    : 'border-line bg-raised text-soft group-hover/reaction:border-line-strong',
                )}
              >
                <span className="text-base leading-none">{reaction.emoji}</span>
                {reaction.count}
              </span>
            </button>
          </li>
        )
      })}
    </ul>
  )
}

function namesOf({ usernames, count }: Message['reactions'][number]): string {
  const others = count - usernames.length
  if (others > 0) return `${usernames.join(', ')} and ${others} more`
  return usernames.length > 1 ? `${usernames.slice(0, -1).join(', ')} and ${usernames.at(-1)}` : usernames.join()
}
