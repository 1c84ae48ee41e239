import '@fontsource-variable/inter'
import '../web/ui/styles.css'
import type { Metadata, Viewport } from 'next'
import type { ReactNode } from 'react'
import { DatabaseAway } from '../web/ui/pages'
import { ServerIdentityProvider } from '../web/ui/server-identity'
import { isDatabaseAway, readServer, readTheme } from './visitor'

export async function generateMetadata(): Promise<Metadata> {
  const { name } = await readServer()
  return { title: { default: name, template: `%s · ${name.replaceAll('%s', '')}` } }
}

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
  const { name, logo } = await readServer()
  return (
    <html lang="en" className={theme === 'system' ? undefined : theme}>
      <body>
        <ServerIdentityProvider initial={{ name, logo }}>{page}</ServerIdentityProvider>
      </body>
    </html>
  )
}
