import '@fontsource-variable/inter'
import '../web/ui/styles.css'
import type { Metadata, Viewport } from 'next'
import type { ReactNode } from 'react'
import { DatabaseAway } from '../web/ui/pages'
import { isDatabaseAway, readTheme } from './visitor'

export const metadata: Metadata = { title: { default: 'Roomline', template: '%s · Roomline' } }

export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  viewportFit: 'cover',
  interactiveWidget: 'resizes-content',
  colorScheme: 'light dark',
}

/** Reading the cookie also makes every page dynamic. A prerendered page would lack the nonce that its scripts need. */
export default async function RootLayout({ children }: { children: ReactNode }) {
  const theme = await readTheme()
  const page = (await isDatabaseAway()) ? <DatabaseAway /> : children
  return (
    <html lang="en" className={theme === 'system' ? undefined : theme}>
      <body>{page}</body>
    </html>
  )
}
