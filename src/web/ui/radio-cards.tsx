import clsx from 'clsx'
import type { LucideIcon } from 'lucide-react'

interface RadioCardsProps {
  legend: string
  name: string
  defaultValue: string
  options: readonly { value: string; Icon: LucideIcon; label: string; hint: string }[]
}

/** One of two or three, each with what it means. */
export function RadioCards({ legend, name, defaultValue, options }: RadioCardsProps) {
  return (
    <fieldset>
      <legend className="mb-1 font-medium text-sm">{legend}</legend>
      <div className="grid gap-2 md:grid-cols-2">
        {options.map(({ value, Icon, label, hint }) => (
          <label
            key={value}
            className={clsx(
              'flex gap-2.5 rounded-m border border-line p-3 text-sm transition-colors hover:bg-hover',
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
