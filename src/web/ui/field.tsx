import clsx from 'clsx'
import { type ComponentProps, useId } from 'react'

interface FieldProps extends ComponentProps<'input'> {
  label: string
  hint?: string | undefined
  /** What is wrong with it, as a sentence. */
  error?: string | undefined
}

/** One line of text with its label above and what is wrong with it below. */
export function Field({ label, hint, error, className, ...input }: FieldProps) {
  const id = useId()
  const noteId = `${id}-note`
  const note = error ?? hint
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1 block font-medium text-sm">
        {label}
      </label>
      <input
        id={id}
        aria-invalid={error ? true : undefined}
        aria-describedby={note ? noteId : undefined}
        className={inputLook}
        {...input}
      />
      {note && (
        <p id={noteId} className={clsx('mt-1.5 text-sm', error ? 'text-danger' : 'text-faint')}>
          {note}
        </p>
      )}
    </div>
  )
}

// 16 px and no less on a phone: Safari zooms into anything smaller.
export const inputLook =
  'block h-11 w-full rounded-m border border-line-strong bg-raised px-3 aria-invalid:border-danger text-[1rem] text-ink placeholder:text-faint md:h-10 md:text-base'
