import type { ReactNode } from 'react'
import { EnteringLine } from './entering-line'
import { Wordmark } from './mark'

/** A whole page that says one thing. */
export function NoticePage({ title, children, actions }: { title: string; children: ReactNode; actions: ReactNode }) {
  return (
    <div className="grid min-h-dvh overflow-x-clip grid-rows-[auto_1fr] px-5 pb-10">
      <header className="mx-auto w-full max-w-5xl py-6">
        <Wordmark />
      </header>
      <main className="mx-auto w-full max-w-[26rem] pt-[7vh] md:pt-[11vh]">
        <EnteringLine />
        <h1 className="font-semibold text-2xl tracking-tight">{title}</h1>
        <p className="mt-2 mb-6 text-soft">{children}</p>
        <div className="flex flex-wrap gap-3">{actions}</div>
      </main>
    </div>
  )
}

export const linkButton =
  'inline-flex min-h-11 items-center rounded-m bg-accent px-4 font-medium text-on-accent text-sm shadow-low hover:bg-accent-hover mouse:min-h-9'
