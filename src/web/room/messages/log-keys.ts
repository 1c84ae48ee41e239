import { type FocusEvent, type KeyboardEvent, useEffect, useLayoutEffect, useRef } from 'react'
import type { Message } from '../../../sdk'
import { formatClock } from '../../ui/times'
import { useMessageActs } from './message-acts'
import type { ScrollKeeping } from './scroll-keeping'

interface LogKeys {
  scroll: Pick<ScrollKeeping, 'scroller' | 'list' | 'settle'>
  /** All that are loaded. */
  messages: readonly Message[]
  /** Goes to the room's first message, or to its last one. */
  onFirst(): void
  onLast(): void
}

/** Below the upper edge and above the lower one, for what floats over the list. */
const marginPx = 64

/**
 * The keys of a list of messages. Tab leads to one message, and on to what can be pressed in it; arrows lead from message
 * to message. @returns handlers for the list's scroller
 */
export function useLogKeys({ scroll, messages, onFirst, onLast }: LogKeys) {
  const { scroller, list } = scroll
  const acts = useMessageActs()
  const hadFocus = useRef(false)

  useEffect(() => {
    const element = list.current
    if (!element) return
    updateTabStops(element)
    const observer = new MutationObserver(() => updateTabStops(element))
    observer.observe(element, { childList: true, subtree: true })
    return () => observer.disconnect()
  }, [list])

  // A focused message that has left the document must not take the keyboard with it.
  useLayoutEffect(() => {
    const isLost = hadFocus.current && document.activeElement === document.body
    if (isLost) scroller.current?.focus({ preventScroll: true })
  })

  function focusRow(row: Element | null | undefined) {
    if (!(row instanceof HTMLElement) || !scroller.current) return
    row.focus({ preventScroll: true })
    scrollIntoSight(row, scroller.current)
    scroll.settle()
  }

  function onKeyDown(event: KeyboardEvent) {
    const { target, key } = event
    const element = list.current
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !element || !(target instanceof Element)) return
    const isInside = target === scroller.current || element.contains(target)
    if (!isInside || target.closest('input, textarea, select, [contenteditable]')) return
    const row = rowOf(target, element) ?? visibleRow(element, scroller.current)
    const to = { ArrowUp: previousRow, ArrowDown: nextRow, PageUp: rowAbove, PageDown: rowBelow }[key]
    if (to) {
      event.preventDefault()
      const next = to(row, scroller.current)
      if (next) return focusRow(next)
      if (key === 'ArrowDown' || key === 'PageDown') acts.focusComposer()
      return
    }
    if (key === 'Home' || key === 'End') {
      event.preventDefault()
      return key === 'Home' ? onFirst() : onLast()
    }
    if (target !== row) return
    const message = messageOf(row, messages)
    if (message && actOn(message, row, key)) event.preventDefault()
  }

  function actOn(message: Message, row: Element, key: string): boolean {
    const isWritten = message.kind === 'text' && message.deletedAt === null
    if (!isWritten) return false
    switch (key.toLowerCase()) {
      case 'r':
        if (acts.mayWrite) acts.reply(message)
        return acts.mayWrite
      case 'e': {
        const mayEdit = acts.mayAct && message.author.username === acts.me
        if (mayEdit) acts.edit(message)
        return mayEdit
      }
      case '+':
        return press(row, 'React')
      case 'enter':
        acts.openThread?.(message)
        return acts.openThread !== null
      default:
        return false
    }
  }

  return {
    onKeyDown,
    onFocus: ({ target }: FocusEvent) => {
      hadFocus.current = true
      const row = list.current && rowOf(target, list.current)
      if (!row || !list.current) return
      const message = messageOf(row, messages)
      if (target === row && message?.kind === 'text') row.setAttribute('aria-label', labelOf(message))
      updateTabStops(list.current)
    },
    onBlur: ({ target, relatedTarget }: FocusEvent) => {
      // Without a next element, the focused one was removed or the window lost the focus.
      if (relatedTarget) hadFocus.current = scroller.current?.contains(relatedTarget) ?? false
      if (target.matches('li')) target.removeAttribute('aria-label')
      if (list.current && !list.current.contains(relatedTarget)) updateTabStops(list.current, null)
    },
  }
}

const pressable = 'a[href], button, input, textarea, select, summary, [tabindex]'
const lines = '[data-line]'

/** Rows are messages, unsent ones too. The lines between them are none. */
const rowsOf = (list: Element | null): Element[] => [...(list?.children ?? [])].filter((entry) => !entry.matches(lines))

function rowOf(target: Element, list: Element): Element | null {
  let entry: Element | null = target
  while (entry && entry.parentElement !== list) entry = entry.parentElement
  return entry?.matches(lines) ? null : entry
}

/** One row can be reached by Tab, and what is inside of a row only while the focus is there. */
function updateTabStops(list: Element, focused = rowOf(document.activeElement ?? list, list)) {
  const stop = focused ?? visibleRow(list, list.closest('[role=log]'))
  for (const entry of list.children) {
    if (!entry.matches(lines)) (entry as HTMLElement).tabIndex = entry === stop ? 0 : -1
    const isOpen = entry === focused
    for (const inner of entry.querySelectorAll<HTMLElement>(pressable)) {
      if (isOpen && inner.hasAttribute('data-untabbed')) {
        inner.tabIndex = 0
        inner.removeAttribute('data-untabbed')
      } else if (!isOpen && inner.tabIndex === 0) {
        inner.tabIndex = -1
        inner.setAttribute('data-untabbed', '')
      }
    }
  }
}

/** The last row that is wholly visible, else the last that is visible at all. */
function visibleRow(list: Element, scroller: Element | null): Element | null {
  const rows = rowsOf(list)
  if (!scroller) return rows.at(-1) ?? null
  const { top, bottom } = scroller.getBoundingClientRect()
  const isIn = (row: Element) => row.getBoundingClientRect().top < bottom && row.getBoundingClientRect().bottom > top
  const isWhollyIn = (row: Element) => row.getBoundingClientRect().top >= top && row.getBoundingClientRect().bottom <= bottom + 1
  return rows.findLast(isWhollyIn) ?? rows.findLast(isIn) ?? rows.at(-1) ?? null
}

const nextRow = (row: Element | null): Element | null => sibling(row, 'nextElementSibling')
const previousRow = (row: Element | null): Element | null => sibling(row, 'previousElementSibling')

function sibling(row: Element | null, which: 'nextElementSibling' | 'previousElementSibling'): Element | null {
  let entry = row?.[which] ?? null
  while (entry?.matches(lines)) entry = entry[which]
  return entry
}

const rowAbove = (row: Element | null, scroller: Element | null) => rowAway(row, scroller, previousRow)
const rowBelow = (row: Element | null, scroller: Element | null) => rowAway(row, scroller, nextRow)

/** The row about one view away. */
function rowAway(row: Element | null, scroller: Element | null, step: (row: Element | null) => Element | null): Element | null {
  const viewPx = (scroller?.clientHeight ?? 0) - marginPx
  const start = row?.getBoundingClientRect().top ?? 0
  let found = step(row)
  for (let next = found; next && Math.abs(next.getBoundingClientRect().top - start) < viewPx; next = step(next)) found = next
  return found
}

function scrollIntoSight(row: Element, scroller: Element) {
  const view = scroller.getBoundingClientRect()
  const { top, bottom } = row.getBoundingClientRect()
  if (top < view.top + marginPx) scroller.scrollTop += top - view.top - marginPx
  else if (bottom > view.bottom - marginPx) {
    scroller.scrollTop += Math.min(bottom - view.bottom + marginPx, top - view.top - marginPx)
  }
}

const messageOf = (row: Element | null, messages: readonly Message[]): Message | undefined => {
  const seq = Number(row?.getAttribute('data-seq') ?? 0)
  return messages[seq - (messages[0]?.seq ?? 0)]
}

/** What a screen reader says when the focus comes to a message. */
function labelOf({ author, text, time, deletedAt, reactions, replyCount }: Message): string {
  const words = deletedAt === null ? text : 'Message removed'
  const count = reactions.reduce((sum, reaction) => sum + reaction.count, 0)
  const more = [
    count > 0 && `${count} ${count === 1 ? 'reaction' : 'reactions'}`,
    replyCount > 0 && `${replyCount} ${replyCount === 1 ? 'reply' : 'replies'}`,
  ]
  return [`${author.displayName}: ${words}`, formatClock(time), ...more].filter(Boolean).join(', ')
}

function press(row: Element, name: string): boolean {
  const button = row.querySelector<HTMLElement>(`button[aria-label="${name}"]`)
  button?.click()
  return button !== null
}
