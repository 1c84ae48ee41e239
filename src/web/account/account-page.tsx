import type { ReactNode } from 'react'
import { EnteringLine } from '../ui/entering-line'
import { Wordmark } from '../ui/mark'

/** The page around signing in and registering. */
export function AccountPage({ title, intro, children, footer }: { title: string; intro: string; children: ReactNode; footer: ReactNode }) {
  return (
    <div className="grid min-h-dvh overflow-x-clip grid-rows-[auto_1fr] px-5 pb-10">
      <header className="mx-auto w-full max-w-5xl py-6">
        <Wordmark />
      </header>
      <main className="mx-auto w-full max-w-[23rem] pt-[7vh] md:pt-[11vh]">
        <EnteringLine />
        <h1 className="font-semibold text-2xl tracking-tight">{title}</h1>
        <p className="mt-1.5 mb-7 text-soft">{intro}</p>
        {children}
        <p className="mt-6 text-sm text-soft">{footer}</p>
      </main>
    </div>
  )
}
