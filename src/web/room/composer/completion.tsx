import clsx from 'clsx'
import { type KeyboardEvent, type ReactNode, useEffect, useState } from 'react'
import { loadTextParser, useTextParser } from '../text/text-parser'
import { findTrigger, type Trigger } from './completion-trigger'

/** Something that completes what is being typed. */
export interface Completion {
  key: string
  /** Replaces the text from the sign to the caret. A space follows it. */
  insert: string
  name: string
  detail?: string
  picture: ReactNode
  /** What a query must be to need no completion: Enter then sends the message. */
  whole?: string
}

/** Finds completions for one sign. */
export interface CompletionSource {
  /** What its list is called. */
  label: string
  /** At once, or a moment later when the server must be asked. @param query in lowercase */
  find(query: string): readonly Completion[] | Promise<readonly Completion[]>
  /** How long the typing must pause before it is asked. */
  delayMs?: number
}

export type CompletionSources = Partial<Record<Trigger['kind'], CompletionSource>>

const nothing: readonly Completion[] = []

interface Typing {
  text: string
  caret: number
  /** Whether anything may be suggested now. */
  isActive: boolean
  sources: CompletionSources
  onChoose(at: number, insert: string): void
}

/** The completions for what is typed before the caret, and the keys that choose among them. */
export function useCompletions({ text, caret, isActive, sources, onChoose }: Typing) {
  const findMention = useTextParser()?.findMentionBeingTyped
  const found = isActive ? findTrigger(text.slice(0, caret), { hasCommands: sources.command !== undefined, findMention }) : null
  useEffect(() => {
    if (isActive && text !== '') void loadTextParser()
  }, [isActive, text])
  /** The sign whose list was closed with Escape. */
  const [closed, setClosed] = useState<string | null>(null)
  const sign = found && `${found.kind} ${found.at}`
  if (closed !== null && closed !== sign) setClosed(null)
  const trigger = sign === closed ? null : found
  const all = useFound(trigger, trigger ? sources[trigger.kind] : undefined)

  const [selected, setSelected] = useState<{ all: readonly Completion[]; index: number; isChosen: boolean } | null>(null)
  // Other completions: the first of them is the one that Enter takes.
  const { index: active, isChosen } = selected?.all === all ? selected : { index: 0, isChosen: false }

  function choose({ insert }: Completion) {
    if (trigger) onChoose(trigger.at, `${insert} `)
  }

  const select = (index: number) => setSelected({ all, index, isChosen: true })

  return {
    ...{ all, active, choose },
    label: trigger ? sources[trigger.kind]?.label : undefined,
    /** @returns whether the key was meant for the list */
    onKeyDown: ({ key, shiftKey, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean => {
      const chosen = all[active]
      if (!chosen || !trigger || ctrlKey || metaKey || altKey) return false
      const isWhole = !isChosen && all.some(({ whole }) => whole === trigger.query)
      if (key === 'ArrowDown') select((active + 1) % all.length)
      else if (key === 'ArrowUp') select((active + all.length - 1) % all.length)
      else if (key === 'Enter' && !shiftKey && !isWhole) choose(chosen)
      else if (key === 'Tab' && !shiftKey) choose(chosen)
      else if (key === 'Escape') setClosed(sign)
      else return false
      return true
    },
  }
}

/** Until an answer is there, completions found for fewer letters stay as long as they still match; those of another sign never do. */
function useFound(trigger: Trigger | null, source: CompletionSource | undefined): readonly Completion[] {
  const [answer, setAnswer] = useState<{ sign: string; query: string; all: readonly Completion[] } | null>(null)
  const sign = trigger && `${trigger.kind} ${trigger.at}`
  const query = trigger?.query ?? null

  useEffect(() => {
    if (!source || sign === null || query === null) return setAnswer(null)
    let isCurrent = true
    const show = (all: readonly Completion[]) => {
      if (isCurrent) setAnswer({ sign, query, all })
    }
    const ask = () => {
      // Without an answer nothing is suggested, and the next letter asks again.
      Promise.resolve(source.find(query)).then(show, () => show(nothing))
    }
    if (!source.delayMs) ask()
    const timer = source.delayMs ? setTimeout(ask, source.delayMs) : undefined
    return () => {
      isCurrent = false
      clearTimeout(timer)
    }
  }, [source, sign, query])

  const [shown, setShown] = useState(nothing)
  const isOfSign = answer !== null && answer.sign === sign && query?.startsWith(answer.query) === true
  const matching = !isOfSign
    ? nothing
    : answer.query === query
      ? answer.all
      : answer.all.filter(({ name, insert }) => `${insert} ${name}`.toLowerCase().includes(query))
  // The same list as before is the same array, so that what is selected in it stays selected.
  const isSame = matching.length === shown.length && matching.every((completion, index) => completion.key === shown[index]?.key)
  if (!isSame) setShown(matching)
  return isSame ? shown : matching
}

interface CompletionListProps {
  id: string
  label: string
  all: readonly Completion[]
  active: number
  onChoose(completion: Completion): void
}

export const completionId = (list: string, index: number) => `${list}-${index}`

/** The list above a text field. The field keeps the focus, and names the active option as its active descendant. */
export function CompletionList({ id, label, all, active, onChoose }: CompletionListProps) {
  useEffect(() => {
    document.getElementById(completionId(id, active))?.scrollIntoView({ block: 'nearest' })
  }, [id, active])

  return (
    <div
      id={id}
      role="listbox"
      aria-label={label}
      className="menu absolute bottom-full left-0 z-20 mb-1.5 max-h-[min(22rem,45dvh)] w-full max-w-sm overflow-y-auto overscroll-contain rounded-m border border-line bg-raised p-1 shadow-high"
    >
      {all.map((completion, index) => (
        <div
          key={completion.key}
          id={completionId(id, index)}
          role="option"
          aria-selected={index === active}
          tabIndex={-1}
          // Keeps the focus in the text, and a phone's keyboard open.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onChoose(completion)}
          onKeyDown={undefined}
          className={clsx(
            'flex min-h-11 cursor-pointer items-center gap-2.5 rounded-s px-2 hover:bg-hover mouse:min-h-9',
            index === active && 'bg-selected!',
          )}
        >
          <span aria-hidden="true" className="flex w-6 shrink-0 justify-center">
            {completion.picture}
          </span>
          <bdi className="max-w-[70%] shrink-0 truncate font-medium text-sm">{completion.name}</bdi>
          {completion.detail && <span className="min-w-0 truncate text-faint text-sm">{completion.detail}</span>}
        </div>
      ))}
    </div>
  )
}
