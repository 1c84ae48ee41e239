import clsx from 'clsx'
import { Check, SendHorizontal } from 'lucide-react'
import { type ClipboardEvent, type KeyboardEvent, type ReactNode, useEffect, useId, useLayoutEffect, useRef, useState } from 'react'
import { countCharacters, limits } from '../../../contract/rules'
import { cleanMessage, hasVisibleCharacter } from '../../../contract/visible-text'
import { hasHoveringPointer } from '../../ui/media'
import { EmojiButton } from '../emoji/emoji-button'
import { CompletionList, type CompletionSources, completionId, useCompletions } from './completion'
import { findClosedShortcode } from './completion-trigger'
import { readPastedCode } from './pasted-text'
import { applyChange, findFormat, hasCommandKey, readWriting } from './text-field'
import { breakLine, fenceAround, fenced, isInCode, linkSelection } from './writing'

interface ComposerProps {
  /** The id of the field. It ends in "composer": dialogs leave the focus to such a field. An edit's field has an id of its own. */
  fieldId?: string
  label: string
  text: string
  /** It edits an existing message. */
  isEdit?: boolean
  /** The message that is answered or edited. The composer takes the focus when this changes. */
  about?: unknown
  /** Shown above the text, inside the same frame. */
  bar?: ReactNode
  /** Shown below the frame, when there is nothing more urgent to say. */
  hint?: ReactNode
  /** Seconds until the next message may be sent. */
  waitSeconds?: number
  /** The text can be changed, but not sent. */
  isBlocked?: boolean
  sources: CompletionSources
  onChange(text: string): void
  onSubmit(text: string): void
  /** Escape was pressed. Left out when there is nothing to cancel. */
  onCancel?: (() => void) | undefined
  /** The up arrow was pressed in an empty text. */
  onBack?(): void
  /** Whether it takes the focus when it appears. By default not on a phone, where that would open the keyboard. */
  takesFocus?: boolean
}

const countFrom = 3_600

/** On a phone there is no Shift to press with Enter, and a button to send. */
const isTouchOnly = () => matchMedia('(hover: none) and (pointer: coarse)').matches

export function Composer({
  fieldId = 'composer',
  label,
  text,
  isEdit = false,
  about = null,
  bar,
  hint,
  waitSeconds = 0,
  isBlocked = false,
  sources,
  takesFocus,
  ...on
}: ComposerProps) {
  const [caret, setCaret] = useState(text.length)
  const [isComposing, setComposing] = useState(false)
  const [hasFocus, setHasFocus] = useState(false)
  /** The text just after code was pasted into it, and what was pasted. */
  const [pastedCode, setPastedCode] = useState<{ text: string; at: number; plain: string; length: number } | null>(null)
  const textarea = useRef<HTMLTextAreaElement>(null)
  const isPlainPaste = useRef(false)
  const editId = useId()
  const counterId = useId()
  const listId = useId()
  const length = countCharacters(cleanMessage(text))
  const canSend = hasVisibleCharacter(text) && length <= limits.messageText && waitSeconds === 0 && !isBlocked

  const completions = useCompletions({
    ...{ text, caret, sources },
    // An input method has a list of its own, but on a phone it is part of the keyboard, which composes every word.
    isActive: hasFocus && (!isComposing || isTouchOnly()),
    onChoose: (at, insert) => {
      const field = textarea.current
      if (!field) return
      const { text, end } = readWriting(field)
      const to = text[end] === ' ' ? end + 1 : end
      applyChange(field, { from: at, to, insert, start: at + insert.length, end: at + insert.length })
    },
  })
  const hasList = completions.all.length > 0

  const before = useRef<unknown>(undefined)
  useEffect(() => {
    const field = textarea.current
    const isNew = before.current === undefined
    const isSame = before.current === about
    before.current = about
    // On a phone, the focus would open the keyboard over the messages.
    const hasKeyboard = hasHoveringPointer()
    const mayTake = isNew ? (takesFocus ?? hasKeyboard) : about !== null || hasKeyboard
    if (!field || isSame || !mayTake) return
    field.focus()
    field.setSelectionRange(field.value.length, field.value.length)
  }, [about, takesFocus])

  // biome-ignore lint/correctness/useExhaustiveDependencies: its height follows what is in it
  useLayoutEffect(() => {
    const field = textarea.current
    if (!field) return
    field.style.height = '0'
    field.style.height = `${field.scrollHeight}px`
  }, [text])

  function submit() {
    if (!canSend) return
    on.onSubmit(cleanMessage(text))
    setCaret(0)
    setPastedCode(null)
    textarea.current?.focus()
  }

  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>) {
    isPlainPaste.current = event.key.toLowerCase() === 'v' && event.shiftKey
    // In an input method, Enter accepts a word. Safari ends the composition first; only the key code 229 shows it.
    if (event.nativeEvent.isComposing || event.keyCode === 229) return
    if (completions.onKeyDown(event)) return take(event)
    const field = event.currentTarget
    const writing = readWriting(field)
    const format = findFormat(event, writing)
    if (format) {
      take(event)
      return applyChange(field, format)
    }
    if (event.key === 'Escape' && on.onCancel) {
      take(event)
      return on.onCancel()
    }
    const isPlain = !event.altKey && !event.shiftKey && !hasCommandKey(event)
    if (event.key === 'ArrowUp' && isPlain && text === '' && on.onBack) {
      take(event)
      return on.onBack()
    }
    if (event.key !== 'Enter') return
    event.preventDefault()
    const breaks = event.shiftKey || (!hasCommandKey(event) && (isTouchOnly() || fenceAround(writing.text, writing.start) !== null))
    if (!breaks) return submit()
    applyChange(field, breakLine(writing))
    // The browser scrolls to what is typed, but not to what a script puts there.
    if (field.selectionEnd === field.value.length) field.scrollTop = field.scrollHeight
  }

  function onPaste(event: ClipboardEvent<HTMLTextAreaElement>) {
    const field = event.currentTarget
    const { clipboardData } = event
    const plain = clipboardData.getData('text/plain').replace(/\r\n?/g, '\n')
    const writing = readWriting(field)
    const link = linkSelection(writing, plain)
    if (link) {
      event.preventDefault()
      return applyChange(field, link)
    }
    if (plain === '' || isPlainPaste.current || isInCode(writing.text, writing.start)) return
    const code = readPastedCode({ plain, html: clipboardData.getData('text/html'), editor: clipboardData.getData('vscode-editor-data') })
    if (!code) return
    event.preventDefault()
    // First as it is, then as code: the first undo leaves the plain text.
    const { start, end } = writing
    const after = start + plain.length
    applyChange(field, { from: start, to: end, insert: plain, start: after, end: after })
    const change = fenced(plain, { text: field.value, start, end: after }, code.language)
    applyChange(field, change)
    setPastedCode({ text: field.value, at: start, plain, length: change.insert.length })
  }

  function pasteAsText() {
    const field = textarea.current
    if (!field || !pastedCode) return
    const { at, plain, length } = pastedCode
    applyChange(field, { from: at, to: at + length, insert: plain, start: at + plain.length, end: at + plain.length })
  }

  async function replaceShortcode(field: HTMLTextAreaElement) {
    const closed = findClosedShortcode(field.value.slice(0, field.selectionStart))
    if (!closed) return
    const typed = field.value
    const { emojiOfShortcode } = await import('../emoji/emoji-data')
    const emoji = await emojiOfShortcode(closed.name)
    const to = closed.at + closed.name.length + 2
    if (emoji === null || field.value !== typed) return
    applyChange(field, { from: closed.at, to, insert: emoji, start: closed.at + emoji.length, end: closed.at + emoji.length })
  }

  function insertEmoji(emoji: string) {
    const field = textarea.current
    if (!field) return
    const { text, start, end } = readWriting(field)
    const insert = start > 0 && !/\s/.test(text[start - 1] ?? '') ? ` ${emoji}` : emoji
    applyChange(field, { from: start, to: end, insert, start: start + insert.length, end: start + insert.length })
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
      {hasList && (
        <CompletionList
          id={listId}
          label={completions.label ?? ''}
          all={completions.all}
          active={completions.active}
          onChoose={completions.choose}
        />
      )}
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
            id={isEdit ? `${editId}-composer` : fieldId}
            rows={1}
            dir="auto"
            value={text}
            enterKeyHint="enter"
            aria-label={label}
            aria-autocomplete="list"
            aria-controls={hasList ? listId : undefined}
            aria-activedescendant={hasList ? completionId(listId, completions.active) : undefined}
            aria-describedby={length >= countFrom ? counterId : undefined}
            aria-invalid={length > limits.messageText || undefined}
            aria-keyshortcuts="Control+B Control+I Control+E Control+Shift+X Control+Shift+C"
            placeholder={label}
            onChange={({ target, nativeEvent }) => {
              setCaret(target.selectionStart)
              on.onChange(target.value)
              if ((nativeEvent as InputEvent).data?.endsWith(':')) void replaceShortcode(target)
            }}
            onSelect={({ currentTarget }) => setCaret(currentTarget.selectionStart)}
            onKeyDown={onKeyDown}
            onPaste={onPaste}
            onCompositionStart={() => setComposing(true)}
            onCompositionEnd={() => setComposing(false)}
            onFocus={() => setHasFocus(true)}
            onBlur={() => {
              setHasFocus(false)
              setComposing(false)
            }}
            className="max-h-[40dvh] min-h-11 min-w-0 flex-1 resize-none bg-transparent px-3 py-2.5 text-[1rem] leading-6 outline-none [overflow-wrap:anywhere] placeholder:text-faint placeholder-shown:overflow-hidden placeholder-shown:whitespace-nowrap md:min-h-10 md:py-2 md:text-base"
          />
          <EmojiButton label="Emoji" onPick={insertEmoji} returnFocus={textarea} className="size-11! mouse:size-10!" />
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
      <p role="status" className="sr-only">
        {hasList && `${completions.all.length} ${completions.all.length === 1 ? 'suggestion' : 'suggestions'}`}
      </p>
      {renderBelow()}
    </form>
  )

  function renderBelow() {
    if (length >= countFrom) {
      const over = length - limits.messageText
      return (
        <p id={counterId} role="status" className={clsx('mt-1.5 px-1 text-xs tabular-nums', over > 0 ? 'text-danger' : 'text-soft')}>
          {over > 0
            ? `${over.toLocaleString()} ${over === 1 ? 'character' : 'characters'} over the limit`
            : `${(-over).toLocaleString()} characters left`}
        </p>
      )
    }
    if (pastedCode?.text === text) {
      return (
        <p role="status" className="mt-1 flex items-center gap-2 px-1 text-soft text-xs">
          Pasted as code.
          <button
            type="button"
            onClick={pasteAsText}
            className="min-h-11 rounded-s font-medium text-ink underline decoration-line-strong underline-offset-3 hover:decoration-current mouse:min-h-6"
          >
            Paste as text
          </button>
        </p>
      )
    }
    if (hasFocus && fenceAround(text, caret) && !isTouchOnly()) {
      return <p className="mt-1 px-1 text-soft text-xs leading-6">Enter adds a line of code. Ctrl+Enter {isEdit ? 'saves' : 'sends'}.</p>
    }
    return hint
  }

  function renderIcon() {
    if (waitSeconds > 0) return <span className="font-medium text-sm tabular-nums">{waitSeconds}</span>
    const Icon = isEdit ? Check : SendHorizontal
    return <Icon aria-hidden="true" className="size-[1.125rem] rtl:-scale-x-100" />
  }
}

/** The page has keys of its own, which would act as well. */
function take(event: KeyboardEvent) {
  event.preventDefault()
  event.stopPropagation()
}
