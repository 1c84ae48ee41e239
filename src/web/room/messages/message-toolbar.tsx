import clsx from 'clsx'
import { Pencil, Reply, SmilePlus } from 'lucide-react'
import { lazy, Suspense, useRef, useState } from 'react'
import type { Message } from '../../../sdk'
import { IconButton } from '../../ui/button'
import { isForMouse } from '../../ui/media'
import { useMessageActs } from './message-acts'
import { MoreButton, toolbarButtonLook } from './message-toolbar-button'

const loadMenu = () => import('./message-menu')
const loadEmoji = () => import('../emoji/emoji-popover')
const LoadedMenu = lazy(loadMenu)
const LoadedEmoji = lazy(loadEmoji)

interface MessageToolbarProps {
  message: Message
  /** Whether the message is pointed at or has the focus: only then all of it is there. */
  isActive: boolean
  onHold(isHeld: boolean): void
  /** Where there is no room for a mouse's toolbar, instead of the menu. */
  onSheet(): void
}

/** What can be done with a message, in a column of its own. Its last button is always there, for a finger and for the keyboard. */
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
              className={toolbarButtonLook}
            >
              <SmilePlus />
            </IconButton>
          )}
          {/* Where there is no room for them, they are in the menu. */}
          <span className="@2xl:contents hidden">
            {acts.mayWrite && (
              <IconButton label="Reply" onClick={() => acts.reply(message)} className={toolbarButtonLook}>
                <Reply />
              </IconButton>
            )}
            {acts.mayAct && message.author.username === acts.me && (
              <IconButton label="Edit" onClick={() => acts.edit(message)} className={toolbarButtonLook}>
                <Pencil />
              </IconButton>
            )}
          </span>
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
