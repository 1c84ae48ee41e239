import { useLayoutEffect, useMemo } from 'react'

/** What a key changes in a text: it adds a letter, or takes the last one away. */
type Edit = (text: string) => string

/** What is typed while the search is open and its field does not have the focus yet. */
export interface TypedAhead {
  /** Passes on what has been typed so far, at once, and each key from now on. @returns an unsubscribe function */
  onEdit(listener: (edit: Edit) => void): () => void
}

/**
 * Keeps what is typed between opening the search and the moment its field has the focus: the first time, it has to be loaded.
 * Without it, the first letters would go into the message box, and Enter would send what is in there.
 */
export function useTypedAhead(isOpen: boolean): TypedAhead {
  const edits = useMemo(createWaitingEdits, [])
  useLayoutEffect(() => {
    if (!isOpen) return
    const onKeyDown = (event: KeyboardEvent) => {
      const { key } = event
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
      if (key.length !== 1 && key !== 'Backspace' && key !== 'Enter') return
      if (event.target instanceof Element && event.target.closest('[role="dialog"]')) return
      event.preventDefault()
      event.stopPropagation()
      if (key === 'Backspace') edits.add((text) => text.slice(0, -1))
      // For Enter, there is nothing to choose yet.
      else if (key !== 'Enter') edits.add((text) => text + key)
    }
    document.addEventListener('keydown', onKeyDown, true)
    return () => {
      document.removeEventListener('keydown', onKeyDown, true)
      edits.forget()
    }
  }, [isOpen, edits])
  return edits
}

function createWaitingEdits() {
  let waiting: Edit[] = []
  let listener: ((edit: Edit) => void) | null = null
  return {
    add: (edit: Edit) => {
      if (listener) listener(edit)
      else waiting.push(edit)
    },
    forget: () => {
      waiting = []
    },
    onEdit: (onEdit: (edit: Edit) => void) => {
      listener = onEdit
      const typed = waiting
      waiting = []
      if (typed.length > 0) onEdit((text) => typed.reduce((before, edit) => edit(before), text))
      return () => {
        if (listener === onEdit) listener = null
      }
    },
  }
}
