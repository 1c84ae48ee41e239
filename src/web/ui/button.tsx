import clsx from 'clsx'
import type { ComponentProps, ReactNode } from 'react'

type Look = 'primary' | 'quiet' | 'danger' | 'outline'

const looks: Record<Look, string> = {
  primary: 'bg-accent text-on-accent shadow-low hover:bg-accent-hover',
  outline: 'border border-line-strong bg-raised text-ink hover:bg-hover',
  quiet: 'text-soft hover:bg-hover hover:text-ink',
  danger: 'bg-danger text-on-accent shadow-low hover:opacity-90',
}

interface ButtonProps extends ComponentProps<'button'> {
  look?: Look
  /** Disables the button while its call is running. */
  pending?: boolean
}

export function Button({ look = 'primary', pending = false, className, disabled, type = 'button', ...props }: ButtonProps) {
  return (
    <button
      type={type}
      disabled={disabled || pending}
      aria-busy={pending || undefined}
      className={clsx(
        'inline-flex min-h-11 items-center justify-center gap-2 rounded-m px-4 font-medium text-sm transition-colors duration-(--swift) mouse:min-h-9',
        'disabled:opacity-55',
        looks[look],
        className,
      )}
      {...props}
    />
  )
}

interface IconButtonProps extends Omit<ComponentProps<'button'>, 'aria-label'> {
  label: string
  children: ReactNode
}

export const iconLook =
  'inline-flex size-11 shrink-0 items-center justify-center rounded-m text-soft transition-colors duration-(--swift) hover:bg-hover hover:text-ink disabled:opacity-40 mouse:size-8 [&_svg]:size-[1.125rem]'

/** A button that shows only an icon; `label` is its name and its tooltip. */
export function IconButton({ label, className, type = 'button', ...props }: IconButtonProps) {
  return <button type={type} aria-label={label} title={label} className={clsx(iconLook, className)} {...props} />
}
