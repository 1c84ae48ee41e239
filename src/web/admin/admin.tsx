'use client'

import { QueryClientProvider } from '@tanstack/react-query'
import { type ReactNode, useEffect, useMemo } from 'react'
import { useRenewal, useSignedInClient } from '../account/signed-in-client'
import type { Visitor } from '../account/visitor'
import { useAdminSectionInAddress } from '../navigation'
import type { AdminSection } from '../paths'
import { Button } from '../ui/button'
import { useEver } from '../ui/last-known'
import { Notice } from '../ui/notice'
import { linkButton, NoticePage } from '../ui/pages'
import { createQueries } from '../ui/queries'
import { useServerIdentity } from '../ui/server-identity'
import type { Theme } from '../ui/theme'
import { AdminMenu, sectionNames } from './admin-menu'
import { AuditLog } from './audit/audit-log'
import { ConnectionsSection } from './connections'
import { Invitations } from './invitations'
import { useLostRight } from './lost-right'
import { People } from './people/people'
import { Rooms } from './rooms'
import type { SectionProps } from './section'
import { SettingsSection } from './settings'

/** The pages for admins: a menu on the left, one section on the right. */
export function Admin({ visitor, section: initial, theme }: { visitor: Visitor; section: AdminSection; theme: Theme }) {
  useRenewal(visitor)
  const { client, status, isTurnedAway, onSignOut } = useSignedInClient(visitor)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another person must not see these answers
  const queries = useMemo(createQueries, [visitor.id])
  const section = useAdminSectionInAddress(initial)
  const hasLostRight = useLostRight(queries)
  const { name } = useServerIdentity()
  const hasConnected = useEver(status.state === 'connected')

  useEffect(() => {
    document.title = `${sectionNames[section]} · Administration · ${name}`
  }, [section, name])

  if (hasLostRight) {
    return (
      <NoticePage
        title="You're no longer an admin"
        actions={
          <a className={linkButton} href="/">
            Go to your rooms
          </a>
        }
      >
        Another admin has changed your role, so these pages are closed to you.
      </NoticePage>
    )
  }
  const isRefused = isTurnedAway || status.state === 'refused'
  return (
    <QueryClientProvider client={queries}>
      <div className="grid h-dvh grid-cols-[minmax(0,1fr)] grid-rows-[auto_minmax(0,1fr)] overflow-hidden bg-canvas md:grid-cols-[16.5rem_minmax(0,1fr)] md:grid-rows-1">
        <AdminMenu visitor={visitor} section={section} theme={theme} onSignOut={onSignOut} />
        <main className="flex min-h-0 min-w-0 flex-col overflow-y-auto border-line border-t bg-surface md:my-2 md:mr-2 md:rounded-l md:border md:shadow-low">
          <noscript>
            <p className="bg-spark-soft px-6 py-2">Administration needs JavaScript. Turn it on and reload the page.</p>
          </noscript>
          {isRefused && (
            <Notice title="Couldn't connect" actions={<Button onClick={() => location.reload()}>Reload the page</Button>}>
              {status.state === 'refused' ? status.reason.words : "The chat server didn't accept your session."}
            </Notice>
          )}
          {!isRefused && hasConnected && client && <Section key={section} section={section} client={client} me={visitor.username} />}
          {!isRefused && !hasConnected && (
            <p role="status" className="late p-8 text-soft text-sm">
              Connecting…
            </p>
          )}
        </main>
      </div>
    </QueryClientProvider>
  )
}

const sections: Record<AdminSection, (props: SectionProps) => ReactNode> = {
  people: People,
  invitations: Invitations,
  rooms: Rooms,
  connections: ConnectionsSection,
  audit: AuditLog,
  settings: SettingsSection,
}

function Section({ section, ...props }: SectionProps & { section: AdminSection }) {
  const Shown = sections[section]
  return <Shown {...props} />
}
