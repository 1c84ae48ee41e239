import type { ReactNode } from 'react'
import type { Chat, ChatFailure } from '../../sdk'
import { FailureLine } from '../ui/act'
import { Button } from '../ui/button'

export interface SectionProps {
  client: Chat
  /** The viewer's username. */
  me: string
}

interface SectionPageProps {
  title: string
  intro: ReactNode
  /** Next to the title. */
  actions?: ReactNode
  children: ReactNode
}

/** The frame of a section. */
export function SectionPage({ title, intro, actions, children }: SectionPageProps) {
  return (
    <div className="mx-auto w-full max-w-5xl px-4 pt-5 pb-[max(2.5rem,env(safe-area-inset-bottom))] md:px-8 md:pt-7">
      <header className="mb-5 flex flex-wrap items-start gap-x-6 gap-y-3">
        <div className="min-w-0 flex-1 basis-72">
          <h1 className="font-semibold text-xl tracking-tight">{title}</h1>
          <p className="mt-1 max-w-2xl text-pretty text-sm text-soft">{intro}</p>
        </div>
        {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      {children}
    </div>
  )
}

interface ListEndProps {
  /** Null until the list is loaded. */
  count: number | null
  failure: ChatFailure | null
  hasMore: boolean
  /** What to say when the list is empty. */
  empty: string
  more: string
  onMore(): void
  onRetry(): void
}

/** What stands below a list: that it is loading, empty, failed, or has more. */
export function ListEnd({ count, failure, hasMore, empty, more, onMore, onRetry }: ListEndProps) {
  return (
    <div className="mt-3 space-y-3">
      {failure && (
        <>
          <FailureLine failure={failure} />
          <Button look="outline" onClick={onRetry}>
            Try again
          </Button>
        </>
      )}
      <p role="status" className="text-soft text-sm empty:hidden">
        {!failure && count === null && <span className="late">Loading…</span>}
        {!failure && count === 0 && empty}
      </p>
      {hasMore && (
        <Button look="outline" onClick={onMore} className="w-full">
          {more}
        </Button>
      )}
    </div>
  )
}
