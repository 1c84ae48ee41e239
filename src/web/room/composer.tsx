import clsx from 'clsx'
import { SendHorizontal } from 'lucide-react'
import { type KeyboardEvent, useEffect, useId, useLayoutEffect, useRef, useState } from 'react'

interface ComposerProps {
  roomName: string
  /** What was being written here before. */
  draft: string
  onDraft(text: string): void
  onSend(text: string): void
}

const longest = 4_000
const countFrom = 3_600

export function Composer({ roomName, draft, onDraft, onSend }: ComposerProps) {
  const [text, setText] = useState(draft)
  const textarea = useRef<HTMLTextAreaElement>(null)
  const counterId = useId()
  const length = countCharacters(text)
  const canSend = text.trim() !== '' && length <= longest

  useEffect(() => {
    // On a phone it would bring up the keyboard over the messages.
    if (matchMedia('(hover: hover)').matches) textarea.current?.focus()
  }, [])

  // biome-ignore lint/correctness/useExhaustiveDependencies: its height follows what is in it
  useLayoutEffect(() => {
    const element = textarea.current
    if (!element) return
    element.style.height = '0'
    element.style.height = `${element.scrollHeight}px`
  }, [text])

  function change(value: string) {
    setText(value)
    onDraft(value)
  }

  function send() {
    if (!canSend) return
    onSend(text.trim())
    change('')
    textarea.current?.focus()
  }

  function onKeyDown(event: KeyboardEvent) {
    // While an input method composes, Enter picks a word. Safari ends the composition first and tells by 229.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing || event.keyCode === 229) return
    event.preventDefault()
    send()
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
      className="shrink-0 px-3 pb-[max(0.75rem,env(safe-area-inset-bottom))] md:px-6 md:pb-4"
    >
      <div
        className={clsx(
          'flex items-end gap-1 rounded-l border border-line-strong bg-raised p-1 shadow-low transition-colors',
          'focus-within:border-accent focus-within:ring-3 focus-within:ring-accent-soft',
        )}
      >
        <textarea
          ref={textarea}
          id="composer"
          rows={1}
          dir="auto"
          value={text}
          enterKeyHint="send"
          aria-label={`Message ${roomName}`}
          aria-describedby={length >= countFrom ? counterId : undefined}
          aria-invalid={length > longest || undefined}
          placeholder={`Message ${roomName}`}
          onChange={(event) => change(event.target.value)}
          onKeyDown={onKeyDown}
          className="max-h-[40dvh] min-h-11 flex-1 resize-none bg-transparent px-3 py-2.5 text-[1rem] leading-6 outline-none placeholder:text-faint md:min-h-10 md:py-2 md:text-base"
        />
        <button
          type="submit"
          aria-label="Send"
          title="Send"
          disabled={!canSend}
          className="inline-flex size-11 shrink-0 items-center justify-center rounded-m bg-accent text-on-accent transition-colors hover:bg-accent-hover disabled:bg-transparent disabled:text-faint md:size-10"
        >
          <SendHorizontal aria-hidden="true" className="size-[1.125rem] rtl:-scale-x-100" />
        </button>
      </div>
      {length >= countFrom && (
        <p
          id={counterId}
          role="status"
          className={clsx('mt-1.5 px-1 text-xs tabular-nums', length > longest ? 'text-danger' : 'text-soft')}
        >
          {length > longest
            ? `${(length - longest).toLocaleString()} ${length - longest === 1 ? 'character' : 'characters'} too many to send`
            : `${(longest - length).toLocaleString()} characters left`}
        </p>
      )}
    </form>
  )
}

/** Code points, as the server counts them: an emoji is one, whatever JavaScript says. */
function countCharacters(text: string): number {
  let count = 0
  for (const _ of text.trim()) count++
  return count
}
