import type { Invite } from '../../sdk'
import { invitePath } from '../room-address'

export const inviteUrl = (token: string) => `${location.origin}${invitePath(token)}`

/** How long a link works, and how often it was used: "2 of 10 used, until 3 May 2026". */
export function termsOf({ expiresAt, maxUses, uses }: Invite): string {
  const used = maxUses === null ? `${uses} used` : `${uses} of ${maxUses} used`
  if (expiresAt === null) return `${used}, never expires`
  const until = new Date(expiresAt).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })
  return `${used}, until ${until}`
}
