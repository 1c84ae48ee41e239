import type { FormEvent, ReactNode } from 'react'
import { FailureLine, useAct } from './act'
import { Button } from './button'
import { Dialog } from './dialog'

interface ConfirmDialogProps {
  title: string
  description: string
  /** The button that does it. */
  confirm: string
  /** The button that does nothing. */
  cancel?: string
  /** How the confirming button looks: by default as for something that takes away. */
  look?: 'danger' | 'primary'
  /** False keeps the confirming button off. */
  isReady?: boolean
  act(form: FormData): Promise<unknown>
  /** If it returns a promise, the button stays disabled until that has settled. */
  onDone(): unknown
  onClose(): void
  /** Fields of the form, above its buttons. */
  children?: ReactNode
}

/** Asks before something that can't easily be undone. */
export function ConfirmDialog({
  title,
  description,
  confirm,
  cancel = 'Cancel',
  look = 'danger',
  isReady = true,
  act,
  onDone,
  onClose,
  children,
}: ConfirmDialogProps) {
  const { pending, failure, run } = useAct()

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    if (!isReady) return
    const form = new FormData(event.currentTarget)
    void run(async () => {
      await act(form)
      await onDone()
    })
  }

  return (
    <Dialog title={title} description={description} onClose={onClose}>
      <form onSubmit={submit} className="-mx-5 min-h-0 space-y-4 overflow-y-auto px-5">
        {children}
        <FailureLine failure={failure} />
        <div className="flex justify-end gap-2 pt-1">
          <Button look="quiet" onClick={onClose}>
            {cancel}
          </Button>
          <Button type="submit" look={look} pending={pending} disabled={!isReady}>
            {confirm}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
