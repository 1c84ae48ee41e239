import clsx from 'clsx'
import { Check, SendHorizontal } from 'lucide-react'
import { type KeyboardEvent, type ReactNode, useEffect, useId, useLayoutEffect, useRef, useState } from 'react'
import { countCharacters, limits } from '../../../contract/rules'
import { cleanMessage, hasVisibleCharacter } from '../../../contract/visible-text'
import { type FindMembers, MentionList, optionId, useMentionSuggestions } from './mention-suggestions'

interface ComposerProps {
  /** The id of the field. */
  fieldId?: string
  label: string
  text: string
  /** It edits an existing message. */
  isEdit?: boolean
  /** The message that is answered or edited. The composer takes the focus when this changes. */
  about?: unknown
  /** Shown above the text, inside the same frame. */
  bar?: ReactNode
  /** Seconds until the next message may be sent. */
  waitSeconds?: number
  /** The text can be changed, but not sent. */
  isBlocked?: boolean
  room: string
  findMembers: FindMembers
  onChange(text: string): void
  onSubmit(text: string): void
  /** Escape was pressed. */
  onCancel(): void
  /** The up arrow was pressed in an empty text. */
  onBack?(): void
}

const countFrom = 3_600

export function Composer({
  fieldId = 'composer',
  label,
  text,
  isEdit = false,
  about = null,
  bar,
  waitSeconds = 0,
  isBlocked = false,
  room,
  findMembers,
  ...on
}: ComposerProps) {
  const [caret, setCaret] = useState(text.length)
  const caretToSet = useRef<number | null>(null)
  const textarea = useRef<HTMLTextAreaElement>(null)
  const counterId = useId()
  const namesId = useId()
  const length = countCharacters(cleanMessage(text))
  const canSend = hasVisibleCharacter(text) && length <= limits.messageText && waitSeconds === 0 && !isBlocked

  const names = useMentionSuggestions(room, findMembers, text.slice(0, caret), (at, replacement) => {
    const end = at + replacement.length
    caretToSet.current = end
    change(text.slice(0, at) + replacement + text.slice(caret).replace(/^ /, ''), end)
  })
  const hasNames = names.people.length > 0

  useEffect(() => {
    const element = textarea.current
    // On a phone, the focus would open the keyboard over the messages.
    if (!element || (about === null && !matchMedia('(hover: hover)').matches)) return
    element.focus()
    element.setSelectionRange(element.value.length, element.value.length)
  }, [about])

  // biome-ignore lint/correctness/useExhaustiveDependencies: its height follows what is in it
  useLayoutEffect(() => {
    const element = textarea.current
    if (!element) return
    element.style.height = '0'
    element.style.height = `${element.scrollHeight}px`
    if (caretToSet.current !== null) element.setSelectionRange(caretToSet.current, caretToSet.current)
    caretToSet.current = null
  }, [text])

  function change(value: string, at: number) {
    setCaret(at)
    on.onChange(value)
  }

  function submit() {
    if (!canSend) return
    on.onSubmit(cleanMessage(text))
    setCaret(0)
    textarea.current?.focus()
  }

  function onKeyDown(event: KeyboardEvent) {
    // In an input method, Enter accepts a word. Safari ends the composition first; only the key code 229 shows it.
    if (event.nativeEvent.isComposing || event.keyCode === 229) return
    if (names.onKeyDown(event)) return event.preventDefault()
    if (event.key === 'Escape') return on.onCancel()
    if (event.key === 'ArrowUp' && text === '' && on.onBack) {
      event.preventDefault()
      return on.onBack()
    }
    if (event.key !== 'Enter' || event.shiftKey) return
    event.preventDefault()
    submit()
  }

  const action = waitSeconds > 0 ? `Send in ${waitSeconds} s` : isEdit ? 'Save' : 'Send'
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
      className="relative"
    >
      {hasNames && <MentionList id={namesId} people={names.people} active={names.active} onChoose={names.choose} />}
      <div
        className={clsx(
          'rounded-l border border-line-strong bg-raised shadow-low transition-colors',
          'focus-within:border-accent focus-within:ring-3 focus-within:ring-accent-soft',
        )}
      >
        {bar}
        <div className="flex items-end gap-1 p-1">
          <textarea
            ref={textarea}
            id={fieldId}
            rows={1}
            dir="auto"
            value={text}
            enterKeyHint={isEdit ? 'done' : 'send'}
            aria-label={label}
            aria-autocomplete="list"
            aria-controls={hasNames ? namesId : undefined}
            aria-activedescendant={hasNames ? optionId(namesId, names.active) : undefined}
            aria-describedby={length >= countFrom ? counterId : undefined}
            aria-invalid={length > limits.messageText || undefined}
            placeholder={label}
            onChange={({ target }) => change(target.value, target.selectionStart)}
            onSelect={({ currentTarget }) => setCaret(currentTarget.selectionStart)}
            onKeyDown={onKeyDown}
            className="max-h-[40dvh] min-h-11 min-w-0 flex-1 resize-none bg-transparent px-3 py-2.5 text-[1rem] leading-6 outline-none placeholder:text-faint placeholder-shown:overflow-hidden placeholder-shown:whitespace-nowrap md:min-h-10 md:py-2 md:text-base"
          />
          <button
            type="submit"
            aria-label={action}
            title={action}
            disabled={!canSend}
            className="inline-flex size-11 shrink-0 items-center justify-center rounded-m bg-accent text-on-accent transition-colors hover:bg-accent-hover disabled:bg-transparent disabled:text-faint md:size-10"
          >
            {renderIcon()}
          </button>
        </div>
      </div>
      {length >= countFrom && (
        <p
          id={counterId}
          role="status"
          className={clsx('mt-1.5 px-1 text-xs tabular-nums', length > limits.messageText ? 'text-danger' : 'text-soft')}
        >
          {length > limits.messageText
            ? `${(length - limits.messageText).toLocaleString()} ${length - limits.messageText === 1 ? 'character' : 'characters'} over the limit`
            : `${(limits.messageText - length).toLocaleString()} characters left`}
        </p>
      )}
    </form>
  )

  function renderIcon() {
    if (waitSeconds > 0) return <span className="font-medium text-sm tabular-nums">{waitSeconds}</span>
    const Icon = isEdit ? Check : SendHorizontal
    return <Icon aria-hidden="true" className="size-[1.125rem] rtl:-scale-x-100" />
  }
}
