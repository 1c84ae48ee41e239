import { Check, CircleAlert, X } from 'lucide-react'
import { useCallback, useRef, useState } from 'react'
import { type ChatFailure, readFailure } from '../../sdk'
import { IconButton } from './button'
import { tooManyAttempts } from './times'

/** Something that a person asked the server to do. */
export interface Act {
  pending: boolean
  /** Why the latest call failed; null while it runs and once it has succeeded. */
  failure: ChatFailure | null
  /**
   * Runs a call and whatever should follow it. The identity of `run` never changes.
   * @returns whether it succeeded; also false when it was skipped because another call was running
   */
  run(call: () => Promise<unknown>): Promise<boolean>
  /** Hides the failure. */
  dismiss(): void
}

/** @param options.concurrent allows several calls at once; by default a call is skipped while another is running */
export function useAct({ concurrent = false } = {}): Act {
  const [running, setRunning] = useState(0)
  const [failure, setFailure] = useState<ChatFailure | null>(null)
  // A ref, because a second click can come before the render that disables the button.
  const isRunning = useRef(false)

  const run = useCallback(
    async (call: () => Promise<unknown>) => {
      if (isRunning.current && !concurrent) return false
      isRunning.current = true
      setRunning((count) => count + 1)
      setFailure(null)
      try {
        await call()
        return true
      } catch (error) {
        setFailure(readFailure(error))
        return false
      } finally {
        isRunning.current = false
        setRunning((count) => count - 1)
      }
    },
    [concurrent],
  )
  const dismiss = useCallback(() => setFailure(null), [])
  return { pending: running > 0, failure, run, dismiss }
}

type ShownFailure = Pick<ChatFailure, 'words'> & Partial<ChatFailure>

interface FailureLineProps {
  failure: ShownFailure | null | undefined
  onDismiss?(): void
  className?: string
}

/** Shows why something failed, next to the button or form that asked for it. */
export function FailureLine({ failure, onDismiss, className = '' }: FailureLineProps) {
  if (!failure) return null
  return (
    <div ref={showInDialog} role="alert" className={`flex gap-2 rounded-m bg-danger-soft px-3 py-2.5 text-danger text-sm ${className}`}>
      <CircleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
      <span className="min-w-0 flex-1 [overflow-wrap:anywhere]">{failureWords(failure)}</span>
      {onDismiss && (
        <IconButton label="Dismiss" onClick={onDismiss} className="-my-3 -mr-2 mouse:-my-1.5">
          <X />
        </IconButton>
      )}
    </div>
  )
}

/** What appears below the end of a dialog that scrolls would not be seen. */
function showInDialog(line: HTMLElement | null) {
  if (line?.closest('[role="dialog"]')) line.scrollIntoView({ block: 'nearest' })
}

function failureWords({ name, words, fields, retryAfterMs }: ShownFailure): string {
  if (name === 'TOO_MANY_REQUESTS' && retryAfterMs) return tooManyAttempts(Math.ceil(retryAfterMs / 1_000))
  return name === 'LAST_OWNER' && fields?.rooms ? `${words} Rooms: ${fields.rooms}.` : words
}

/** What is wrong with a field, as a sentence: "The name is too long." @param subject "The name" */
export function fieldError(failure: ChatFailure | null, field: string, subject: string): string | undefined {
  const problem = failure?.fields?.[field]
  return problem && `${subject} ${problem}.`
}

/** Says that something was done. Render it empty before that, so that screen readers announce the words. */
export function DoneLine({ children }: { children: string | null }) {
  return (
    <p role="status" className="flex min-w-0 flex-1 items-center gap-1.5 text-soft text-sm">
      {children && (
        <>
          <Check aria-hidden="true" className="size-4 shrink-0 text-accent" />
          <span ref={showInDialog}>{children}</span>
        </>
      )}
    </p>
  )
}
