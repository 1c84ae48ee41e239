import clsx from 'clsx'
import { Ellipsis, Pencil, Reply, SmilePlus } from 'lucide-react'
import { type ComponentProps, lazy, Suspense, useRef, useState } from 'react'
import type { Message } from '../../sdk'
import { IconButton } from '../ui/button'
import { useMessageActs } from './message-acts'

const loadMenu = () => import('./message-menu')
const loadEmoji = () => import('./emoji-popover')
const LoadedMenu = lazy(loadMenu)
const LoadedEmoji = lazy(loadEmoji)

interface MessageToolbarProps {
  message: Message
  /** Whether the message is pointed at or has the focus: only then all of it is there. */
  isActive: boolean
  onHold(isHeld: boolean): void
  /** On a touch screen, instead of the menu. */
  onSheet(): void
}

/** What can be done with a message, at its upper corner. Its last button is always there for the keyboard. */
export function MessageToolbar({ message, isActive, onHold, onSheet }: MessageToolbarProps) {
  const acts = useMessageActs()
  const [opened, setOpened] = useState<'menu' | 'emoji' | null>(null)
  const [wantsMenu, setWantsMenu] = useState(false)
  const reactButton = useRef<HTMLButtonElement>(null)
  const { displayName } = message.author

  function show(what: 'menu' | 'emoji' | null) {
    setOpened(what)
    if (what === 'menu') setWantsMenu(true)
    onHold(what !== null)
  }

  const more = (
    <MoreButton
      author={displayName}
      aria-haspopup="menu"
      aria-expanded={false}
      onPointerEnter={loadMenu}
      onFocus={loadMenu}
      onClick={() => (isTouch() ? onSheet() : show('menu'))}
    />
  )
  return (
    <fieldset
      aria-label={`Message by ${displayName}`}
      className={clsx(
        'absolute -top-4 right-3 z-10 flex rounded-m border border-line bg-raised p-0.5 shadow-low md:right-6',
        !isActive && 'pointer-events-none opacity-0',
      )}
    >
      {isActive && (
        <span className="hidden [@media(hover:hover)]:contents">
          {acts.mayAct && (
            <IconButton
              ref={reactButton}
              label="React"
              aria-haspopup="dialog"
              aria-expanded={opened === 'emoji'}
              onPointerEnter={loadEmoji}
              onFocus={loadEmoji}
              onClick={() => show('emoji')}
              className="rounded-s!"
            >
              <SmilePlus />
            </IconButton>
          )}
          {acts.mayWrite && (
            <IconButton label="Reply" onClick={() => acts.reply(message)} className="rounded-s!">
              <Reply />
            </IconButton>
          )}
          {acts.mayAct && message.author.username === acts.me && (
            <IconButton label="Edit" onClick={() => acts.edit(message)} className="rounded-s!">
              <Pencil />
            </IconButton>
          )}
        </span>
      )}
      {wantsMenu ? (
        <Suspense key="more" fallback={more}>
          <LoadedMenu message={message} open={opened === 'menu'} onOpenChange={(open) => show(open ? 'menu' : null)} />
        </Suspense>
      ) : (
        more
      )}
      {opened === 'emoji' && (
        <Suspense>
          <LoadedEmoji
            anchor={reactButton}
            onPick={(emoji) => {
              show(null)
              acts.toggleReaction(message, emoji)
            }}
            onClose={() => show(null)}
          />
        </Suspense>
      )}
    </fieldset>
  )
}

export function MoreButton({ author, ...props }: { author: string } & Omit<ComponentProps<typeof IconButton>, 'label' | 'children'>) {
  return (
    <IconButton label={`More on this message by ${author}`} {...props} className="rounded-s!">
      <Ellipsis />
    </IconButton>
  )
}

const isTouch = () => matchMedia('(hover: none)').matches
