import { LogOut } from 'lucide-react'
import type { ReactNode } from 'react'
import { Avatar } from '../ui/avatar'
import { IconButton } from '../ui/button'
import type { Theme } from '../ui/theme'
import { ThemeToggle } from '../ui/theme-toggle'
import type { Visitor } from './visitor'

interface PersonBarProps {
  visitor: Visitor
  theme: Theme
  onSignOut(): void
  /** Opens the person's account; without it, the name is only shown. */
  onAccount?(): void
  /** More buttons, before the theme. */
  children?: ReactNode
  className?: string
}

/** Who is signed in, the theme, and the way out: at the foot of a sidebar. */
export function PersonBar({ visitor, theme, onSignOut, onAccount, children, className = 'flex' }: PersonBarProps) {
  const person = (
    <>
      <Avatar {...visitor} className="size-8!" />
      <span className="min-w-0">
        <bdi className="block truncate text-left font-medium text-sm">{visitor.displayName}</bdi>
        <span className="block truncate text-faint text-xs">@{visitor.username}</span>
      </span>
    </>
  )
  const look = 'flex min-h-11 min-w-0 flex-1 items-center gap-2.5 overflow-hidden rounded-m px-2 py-1 text-left leading-tight'
  return (
    <div className={`${className} shrink-0 items-center border-line border-t px-2 py-1.5 pb-[max(0.375rem,env(safe-area-inset-bottom))]`}>
      {onAccount ? (
        <button type="button" title="Your account" onClick={onAccount} className={`${look} transition-colors hover:bg-hover`}>
          {person}
        </button>
      ) : (
        <div className={look}>{person}</div>
      )}
      {children}
      <ThemeToggle initial={theme} />
      <form method="post" action="/api/logout" onSubmit={onSignOut}>
        <input type="hidden" name="user" value={visitor.id} />
        <IconButton type="submit" label="Sign out">
          <LogOut />
        </IconButton>
      </form>
    </div>
  )
}
