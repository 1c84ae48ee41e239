import type { Metadata } from 'next'
import { invitePath } from '../../../web/paths'
import { Invitation } from '../../../web/rooms/invitation'
import { requireVisitor } from '../../visitor'

export const metadata: Metadata = { title: 'Invitation' }

/** The page that an invitation link leads to. Signing in first leads back here. */
export default async function InvitePage({ params }: PageProps<'/invite/[token]'>) {
  const token = decode((await params).token)
  const visitor = await requireVisitor(invitePath(token))
  return <Invitation key={visitor.id} visitor={visitor} token={token} />
}

/** A token that can't be decoded is passed on as it is, and turns out to be invalid. */
function decode(token: string): string {
  try {
    return decodeURIComponent(token)
  } catch {
    return token
  }
}
