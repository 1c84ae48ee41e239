import clsx from 'clsx'
import type { LucideIcon } from 'lucide-react'
import { ChevronDown, Search } from 'lucide-react'
import { type ComponentProps, type RefObject, useEffect, useId, useRef } from 'react'

interface FieldProps extends ComponentProps<'input'> {
  label: string
  hint?: string | undefined
  /** What is wrong with it, as a sentence. */
  error?: string | undefined
}

/** A text field with its label above, and its hint or error below. */
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

// At least 16 px on a phone: Safari zooms into smaller fields.
export const inputLook =
  'block h-11 w-full rounded-m border border-line-strong bg-raised px-3 aria-invalid:border-danger text-[1rem] text-ink placeholder:text-faint md:h-10 md:text-base'

interface SearchFieldProps {
  label: string
  placeholder?: string
  value: string
  maxLength: number
  onValue(value: string): void
  className?: string
}

export function SearchField({ label, placeholder = label, value, maxLength, onValue, className = '' }: SearchFieldProps) {
  return (
    <div className={`relative ${className}`}>
      <Search aria-hidden="true" className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-faint" />
      <input
        type="search"
        dir="auto"
        value={value}
        maxLength={maxLength}
        aria-label={label}
        placeholder={placeholder}
        onChange={(event) => onValue(event.target.value)}
        className={`${inputLook} pl-9!`}
      />
    </div>
  )
}

interface SelectFieldProps extends ComponentProps<'select'> {
  label: string
  /** Leaves the label to screen readers, where the options say enough. */
  hidesLabel?: boolean
  options: readonly (Choice | { group: string; options: readonly Choice[] })[]
}

interface Choice {
  value: string
  words: string
}

/** A select with its label above. */
export function SelectField({ label, hidesLabel = false, options, className, ...select }: SelectFieldProps) {
  const id = useId()
  return (
    <div className={className}>
      <label htmlFor={id} className={hidesLabel ? 'sr-only' : 'mb-1 block font-medium text-sm'}>
        {label}
      </label>
      <div className="relative">
        <select id={id} className={clsx(inputLook, 'appearance-none pr-9!')} {...select}>
          {options.map((each) =>
            'group' in each ? (
              <optgroup key={each.group} label={each.group}>
                {each.options.map(toOption)}
              </optgroup>
            ) : (
              toOption(each)
            ),
          )}
        </select>
        <ChevronDown aria-hidden="true" className="pointer-events-none absolute top-1/2 right-3 size-4 -translate-y-1/2 text-faint" />
      </div>
    </div>
  )
}

const toOption = ({ value, words }: Choice) => (
  <option key={value} value={value}>
    {words}
  </option>
)

interface RadioCardsProps {
  legend: string
  name: string
  defaultValue: string
  options: readonly { value: string; Icon: LucideIcon; label: string; hint: string }[]
  columns?: 1 | 2
  disabled?: boolean
}

/** Radio buttons as cards, each with an explanation. */
export function RadioCards({ legend, name, defaultValue, options, columns = 2, disabled = false }: RadioCardsProps) {
  return (
    <fieldset disabled={disabled}>
      <legend className="mb-1 font-medium text-sm">{legend}</legend>
      <div className={clsx('grid gap-2', columns === 2 && 'md:grid-cols-2')}>
        {options.map(({ value, Icon, label, hint }) => (
          <label
            key={value}
            className={clsx(
              'flex gap-2.5 rounded-m border border-line p-3 text-sm transition-colors',
              disabled ? 'cursor-default opacity-60' : 'hover:bg-hover',
              'has-checked:border-accent has-checked:bg-accent-soft has-checked:ring-1 has-checked:ring-accent',
              'has-focus-visible:outline-2 has-focus-visible:outline-accent has-focus-visible:outline-offset-2',
            )}
          >
            <input type="radio" name={name} value={value} defaultChecked={value === defaultValue} aria-label={label} className="sr-only" />
            <Icon aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-faint" />
            <span>
              <span className="block font-medium">{label}</span>
              <span className="text-soft">{hint}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

/** @returns a ref for a form: its first invalid field gets the focus when `failure` is set */
export function useInvalidFocus(failure: unknown): RefObject<HTMLFormElement | null> {
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    if (failure) form.current?.querySelector<HTMLElement>('input[aria-invalid]')?.focus()
  }, [failure])
  return form
}
