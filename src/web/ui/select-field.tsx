import clsx from 'clsx'
import { ChevronDown } from 'lucide-react'
import { type ComponentProps, useId } from 'react'
import { inputLook } from './field'

interface SelectFieldProps extends ComponentProps<'select'> {
  label: string
  options: readonly { value: string; words: string }[]
}

/** One of a few, with its label above. */
export function SelectField({ label, options, className, ...select }: SelectFieldProps) {
  const id = useId()
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1 block font-medium text-sm">
        {label}
      </label>
      <div className="relative">
        <select id={id} className={clsx(inputLook, 'appearance-none pr-9!')} {...select}>
          {options.map(({ value, words }) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
        <ChevronDown aria-hidden="true" className="pointer-events-none absolute top-1/2 right-3 size-4 -translate-y-1/2 text-faint" />
      </div>
    </div>
  )
}
