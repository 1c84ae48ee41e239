import type { ReactNode } from 'react'

export const metadata = { title: 'An app with its own users' }

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  )
}
