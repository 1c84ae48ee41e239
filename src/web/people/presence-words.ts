import type { PersonPresence } from '../../sdk'
import { timeAgo } from '../ui/time-ago'

/** "Here now", "Last here 5 minutes ago"; nothing when it is not known. */
export function presenceWords(presence: PersonPresence | undefined): string | undefined {
  switch (presence?.state) {
    case undefined:
      return undefined
    case 'here':
      return 'Here now'
    case 'away':
      return 'Away'
    case 'offline':
      return presence.lastSeen ? `Last here ${timeAgo(presence.lastSeen)}` : 'Offline'
  }
}
