import clsx from 'clsx'
import { ArrowLeft, Cable, Hash, MailPlus, ScrollText, Settings, UsersRound } from 'lucide-react'
import { type MouseEvent, useEffect, useRef } from 'react'
import { PersonBar } from '../account/person-bar'
import type { Visitor } from '../account/visitor'
import { goTo } from '../navigation'
import { type AdminSection, adminPath, adminSections } from '../paths'
import { Wordmark } from '../ui/mark'
import type { Theme } from '../ui/theme'

export const sectionNames: Record<AdminSection, string> = {
  people: 'People',
  invitations: 'Invitations',
  rooms: 'Rooms',
  connections: 'Connections',
  audit: 'Audit log',
  settings: 'Settings',
}

const icons: Record<AdminSection, typeof Hash> = {
  people: UsersRound,
  invitations: MailPlus,
  rooms: Hash,
  connections: Cable,
  audit: ScrollText,
  settings: Settings,
}

interface AdminMenuProps {
  visitor: Visitor
  section: AdminSection
  theme: Theme
  onSignOut(): void
}

/** A column on the left; on a phone a line at the top that scrolls sideways. */
export function AdminMenu({ visitor, section, theme, onSignOut }: AdminMenuProps) {
  return (
    <aside className="flex min-h-0 min-w-0 flex-col">
      <div className="flex h-14 shrink-0 items-center gap-2 px-4 md:h-16">
        <div className="flex min-w-0 flex-1">
          <Wordmark />
        </div>
        <a
          href="/"
          className="-mr-2 inline-flex min-h-11 items-center gap-1.5 rounded-m px-2 text-sm text-soft hover:bg-hover hover:text-ink md:hidden"
        >
          <ArrowLeft aria-hidden="true" className="size-4" />
          Rooms
        </a>
      </div>
      <nav aria-label="Administration" className="min-h-0 md:flex-1 md:overflow-y-auto">
        <a
          href="/"
          className="mx-2 mb-3 hidden min-h-9 items-center gap-2.5 rounded-m px-2.5 text-sm text-soft transition-colors hover:bg-hover hover:text-ink md:flex"
        >
          <ArrowLeft aria-hidden="true" className="size-4 shrink-0" />
          Back to your rooms
        </a>
        <h2 className="hidden pb-1 pl-4.5 font-medium text-faint text-xs md:block">Administration</h2>
        <ul className="flex gap-1 overflow-x-auto px-2 pb-2 [scrollbar-width:none] md:block">
          {adminSections.map((each) => (
            <li key={each} className="shrink-0">
              <SectionLink section={each} isCurrent={each === section} />
            </li>
          ))}
        </ul>
      </nav>
      <PersonBar visitor={visitor} theme={theme} onSignOut={onSignOut} className="hidden md:flex" />
    </aside>
  )
}

function SectionLink({ section, isCurrent }: { section: AdminSection; isCurrent: boolean }) {
  const Icon = icons[section]
  const link = useRef<HTMLAnchorElement>(null)

  // On a phone the line of links is wider than the screen.
  useEffect(() => {
    if (isCurrent) link.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [isCurrent])

  function open(event: MouseEvent<HTMLAnchorElement>) {
    // With a modifier the browser opens a tab or window.
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    goTo(adminPath(section))
  }

  return (
    <a
      ref={link}
      href={adminPath(section)}
      onClick={open}
      aria-current={isCurrent ? 'page' : undefined}
      className={clsx(
        'flex min-h-11 items-center gap-2.5 rounded-m px-2.5 text-sm transition-colors md:min-h-9',
        isCurrent ? 'bg-selected font-medium text-ink' : 'text-soft hover:bg-hover hover:text-ink',
      )}
    >
      <Icon aria-hidden="true" className={clsx('size-4 shrink-0', isCurrent ? 'text-accent' : 'text-faint')} />
      {sectionNames[section]}
    </a>
  )
}
