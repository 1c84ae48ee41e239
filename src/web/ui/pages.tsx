import type { ReactNode } from 'react'
import { Wordmark } from './mark'

/** The line that Roomline is named after: from the edge of the page to where the heading begins. */
export function EnteringLine() {
  return (
    <div aria-hidden="true" className="relative mb-5 h-[3px] w-10 rounded-r-full bg-spark">
      <div className="absolute inset-y-0 right-full w-screen bg-linear-to-l from-spark to-transparent" />
    </div>
  )
}

/** A whole page with a message and what to do about it. */
export function NoticePage({ title, children, actions }: { title: string; children: ReactNode; actions: ReactNode }) {
  return (
    <div className="grid min-h-dvh overflow-x-clip grid-rows-[auto_1fr] px-5 pb-10">
      <header className="mx-auto w-full max-w-5xl py-6">
        <Wordmark />
      </header>
      <main className="mx-auto w-full max-w-[26rem] pt-[7vh] md:pt-[11vh]">
        <EnteringLine />
        <h1 className="text-balance font-semibold text-2xl tracking-tight">{title}</h1>
        <p className="mt-2 mb-6 text-pretty text-soft">{children}</p>
        <div className="flex flex-wrap gap-3">{actions}</div>
      </main>
    </div>
  )
}

export const linkButton =
  'inline-flex min-h-11 items-center rounded-m bg-accent px-4 font-medium text-on-accent text-sm shadow-low hover:bg-accent-hover mouse:min-h-9'

export const textLink = 'font-medium text-accent underline underline-offset-3'

/** The page around the sign-in and registration forms. */
export function AccountPage({ title, intro, children, footer }: { title: string; intro: string; children: ReactNode; footer: ReactNode }) {
  return (
    <div className="grid min-h-dvh overflow-x-clip grid-rows-[auto_1fr] px-5 pb-10">
      <header className="mx-auto w-full max-w-5xl py-6">
        <Wordmark />
      </header>
      <main className="mx-auto w-full max-w-[23rem] pt-[7vh] md:pt-[11vh]">
        <EnteringLine />
        <h1 className="text-balance font-semibold text-2xl tracking-tight">{title}</h1>
        <p className="mt-1.5 mb-7 text-pretty text-soft">{intro}</p>
        {children}
        {footer && <p className="mt-6 text-sm text-soft">{footer}</p>}
      </main>
    </div>
  )
}

/** Reloads the page with its query, without JavaScript. */
const thisPage = ''

/** Shown instead of any page while the database is unreachable. */
export function DatabaseAway() {
  return (
    <NoticePage
      title="Roomline is unavailable"
      actions={
        <a className={linkButton} href={thisPage}>
          Try again
        </a>
      }
    >
      The server can't reach its database right now. Nothing is lost. Wait a moment and try again.
    </NoticePage>
  )
}
