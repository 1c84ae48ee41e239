import clsx from 'clsx'
import { TextSelect } from 'lucide-react'
import { useState } from 'react'
import { plainText } from '../../../contract/markdown/plain-text'
import { cutText } from '../../../contract/rules'
import type { Message } from '../../../sdk'
import { Button } from '../../ui/button'
import { Dialog } from '../../ui/dialog'
import { QuickEmoji } from '../emoji/emoji-grid'
import { EmojiPicker } from '../emoji/emoji-picker'
import { type ActChoice, messageChoices, useMessageActs } from './message-acts'

interface MessageSheetProps {
  message: Message
  /** Called once the sheet is gone. */
  onSelectText(): void
  onClose(): void
}

/** Everything that can be done with a message, on a touch screen. */
export default function MessageSheet({ message, onSelectText, onClose }: MessageSheetProps) {
  const acts = useMessageActs()
  const [showsAll, setShowsAll] = useState(false)

  const choices: ActChoice[] = messageChoices(message, acts)
  const copy = choices.findIndex(({ name }) => name === 'Copy text')
  choices.splice(copy + 1, 0, { name: 'Select text', Icon: TextSelect, run: onSelectText })

  function pick(emoji: string) {
    onClose()
    acts.toggleReaction(message, emoji)
  }

  return (
    <Dialog title={`Message from ${message.author.displayName}`} description={cutText(plainText(message.text), 90)} onClose={onClose}>
      {acts.mayAct && (
        <>
          {showsAll ? (
            <EmojiPicker action="React with" onPick={pick} isForTouch className="-mx-2" />
          ) : (
            <QuickEmoji action="React with" onPick={pick} className="-mx-5" />
          )}
          {!showsAll && (
            <Button look="quiet" onClick={() => setShowsAll(true)} className="-ml-2 mt-1 self-start px-2!">
              More emoji
            </Button>
          )}
          <div aria-hidden="true" className="my-2 h-px bg-line" />
        </>
      )}
      <ul className="-mx-2">
        {choices.map(({ name, Icon, run, isDanger }) => (
          <li key={name}>
            <button
              type="button"
              onClick={() => {
                onClose()
                run()
              }}
              className={clsx(
                'flex min-h-12 w-full items-center gap-3 rounded-m px-2 text-start text-base hover:bg-hover',
                isDanger && 'text-danger',
              )}
            >
              <Icon aria-hidden="true" className={clsx('size-5', !isDanger && 'text-faint')} />
              {name}
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
