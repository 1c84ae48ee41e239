import type { ReactNode } from 'react'
import { Mark } from './mark'

/** Shown instead of a room when there is none to show. */
export function Notice({ title, children, actions }: { title: string; children: ReactNode; actions?: ReactNode }) {
  return (
    <div className="flex flex-1 items-center justify-center overflow-y-auto p-6">
      <div className="max-w-sm pb-[8vh]">
        <Mark className="mb-4 size-11" />
        <h2 className="font-semibold text-xl tracking-tight [overflow-wrap:anywhere]">{title}</h2>
        <div className="mt-1.5 text-pretty text-soft">{children}</div>
        {actions && <div className="mt-5 flex flex-wrap gap-3">{actions}</div>}
      </div>
    </div>
  )
}
