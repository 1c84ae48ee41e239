import type { Metadata } from 'next'
import { invitePath } from '../../../web/paths'
import { Invitation } from '../../../web/rooms/invitation'
import { requireVisitor } from '../../visitor'

export const metadata: Metadata = { title: 'Invitation' }

/** What an invitation by link leads to. Who is not signed in comes back to it afterwards. */
export default async function InvitePage({ params }: PageProps<'/invite/[token]'>) {
  const token = decode((await params).token)
  const visitor = await requireVisitor(invitePath(token))
  return <Invitation visitor={visitor} token={token} />
}

/** What cannot be decoded is no token, and is shown as one that does not work. */
function decode(token: string): string {
  try {
    return decodeURIComponent(token)
  } catch {
    return token
  }
}
