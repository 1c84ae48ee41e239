import clsx from 'clsx'
import { Ellipsis, Pencil, Reply, SmilePlus } from 'lucide-react'
import { type ComponentProps, lazy, Suspense, useRef, useState } from 'react'
import type { Message } from '../../../sdk'
import { IconButton } from '../../ui/button'
import { isForMouse } from '../../ui/media'
import { useMessageActs } from './message-acts'

const loadMenu = () => import('./message-menu')
const loadEmoji = () => import('../emoji/emoji-popover')
const LoadedMenu = lazy(loadMenu)
const LoadedEmoji = lazy(loadEmoji)

/** With a mouse, no higher than a line of text, so that the messages of a group stay close together. */
const buttonLook = 'size-10! rounded-s! text-faint! mouse:text-soft! mouse:h-7! mouse:w-8! mouse:hover:bg-selected'

interface MessageToolbarProps {
  message: Message
  /** Whether the message is hovered or focused. Otherwise only the last button is shown. */
  isActive: boolean
  onOpenChange(isOpen: boolean): void
  /** Called instead of opening the menu on a touch screen or a narrow one. */
  onSheet(): void
}

/** Buttons for what can be done with a message. The last one is always there, for touch and for the keyboard. */
export function MessageToolbar({ message, isActive, onOpenChange, onSheet }: MessageToolbarProps) {
  const acts = useMessageActs()
  const [opened, setOpened] = useState<'menu' | 'emoji' | null>(null)
  const [isMenuLoaded, setMenuLoaded] = useState(false)
  const reactButton = useRef<HTMLButtonElement>(null)
  const { displayName } = message.author

  function show(what: 'menu' | 'emoji' | null) {
    setOpened(what)
    if (what === 'menu') setMenuLoaded(true)
    onOpenChange(what !== null)
  }

  const more = (
    <MoreButton
      author={displayName}
      aria-haspopup="menu"
      aria-expanded={false}
      onPointerEnter={loadMenu}
      onFocus={loadMenu}
      onClick={() => (isForMouse() ? show('menu') : onSheet())}
    />
  )
  return (
    <fieldset
      aria-label={`Message from ${displayName}`}
      className={clsx('flex min-w-0 flex-wrap content-start justify-end', !isActive && 'mouse:opacity-0')}
    >
      {isActive && (
        <span className="mouse:contents hidden">
          {acts.mayAct && (
            <IconButton
              ref={reactButton}
              label="React"
              aria-haspopup="dialog"
              aria-expanded={opened === 'emoji'}
              onPointerEnter={loadEmoji}
              onFocus={loadEmoji}
              onClick={() => show('emoji')}
              className={buttonLook}
            >
              <SmilePlus />
            </IconButton>
          )}
          {/* In a narrow list these are only in the menu. */}
          <span className="@2xl:contents hidden">
            {acts.mayWrite && (
              <IconButton label="Reply" onClick={() => acts.reply(message)} className={buttonLook}>
                <Reply />
              </IconButton>
            )}
            {acts.mayAct && message.author.username === acts.me && (
              <IconButton label="Edit" onClick={() => acts.edit(message)} className={buttonLook}>
                <Pencil />
              </IconButton>
            )}
          </span>
        </span>
      )}
      {isMenuLoaded ? (
        <Suspense key="more" fallback={more}>
          <LoadedMenu
            message={message}
            trigger={<MoreButton author={displayName} />}
            open={opened === 'menu'}
            onOpenChange={(open) => show(open ? 'menu' : null)}
          />
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

function MoreButton({ author, ...props }: { author: string } & Omit<ComponentProps<typeof IconButton>, 'label' | 'children'>) {
  return (
    <IconButton label={`More actions on this message from ${author}`} {...props} className={buttonLook}>
      <Ellipsis />
    </IconButton>
  )
}
