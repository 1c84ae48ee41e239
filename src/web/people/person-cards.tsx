import { lazy, type ReactNode, Suspense, useCallback, useState } from 'react'
import type { Chat, Room } from '../../sdk'
import type { PersonName } from './people-search'
import { PersonCardProvider } from './person-button'
import type { Presence } from './presence-dot'

const PersonCard = lazy(() => import('./person-card'))

interface PersonCardsProps {
  client: Chat
  /** The room that is shown; undefined while the viewer is not in it. */
  room: Room | undefined
  me: string
  presence: Presence | undefined
  onOpenRoom(room: string): void
  /** Writes a mention into the composer nearest to an element. */
  onMention(username: string, near: HTMLElement): void
  children: ReactNode
}

/** Lets the names, avatars and mentions below it open profile cards, one at a time. */
export function PersonCards({ children, onMention, ...props }: PersonCardsProps) {
  const [opened, setOpened] = useState<{ person: PersonName; anchor: HTMLElement } | null>(null)
  const open = useCallback((person: PersonName, anchor: HTMLElement) => setOpened({ person, anchor }), [])
  return (
    <PersonCardProvider value={open}>
      {children}
      <Suspense>
        {opened && (
          <PersonCard
            key={opened.person.username}
            {...props}
            {...opened}
            onMention={() => onMention(opened.person.username, opened.anchor)}
            onClose={() => setOpened(null)}
          />
        )}
      </Suspense>
    </PersonCardProvider>
  )
}
