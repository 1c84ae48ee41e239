import type { ReactNode } from 'react'
import type { Inline } from '../../../contract/markdown/tree'
import { leadsElsewhere } from './link-host'

/** A link. Where its words name another address than the one it leads to, that one is shown too. */
export function TextLink({ link, children }: { link: Extract<Inline, { type: 'link' }>; children: ReactNode }) {
  const host = leadsElsewhere(link)
  return (
    <a
      href={link.url}
      target="_blank"
      rel="noopener noreferrer"
      title={link.isBare ? undefined : link.url}
      className="text-accent underline decoration-accent/40 underline-offset-3 hover:decoration-current"
    >
      {children}
      {host !== null && <bdi className="ms-1 text-faint text-sm no-underline">({host})</bdi>}
    </a>
  )
}
