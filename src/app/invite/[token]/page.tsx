import type { Metadata } from 'next'
import { invitePath } from '../../../web/paths'
import { Invitation } from '../../../web/rooms/invitation'
import { linkButton, NoticePage, textLink } from '../../../web/ui/pages'
import { withNext } from '../../account-query'
import { findVisitor, isDatabaseAway, readServer } from '../../visitor'

export const metadata: Metadata = { title: 'Invitation' }

/** The page that an invitation link leads to. Somebody without an account can create one with it; signing in leads back here. */
export default async function InvitePage({ params }: PageProps<'/invite/[token]'>) {
  const token = decode((await params).token)
  const visitor = await findVisitor()
  if (visitor) return <Invitation key={visitor.id} visitor={visitor} token={token} />
  const { name, registration } = await readServer()
  const login = withNext('/login', invitePath(token))
  // The layout shows something else then.
  if (await isDatabaseAway()) return null
  if (registration === 'closed') {
    return (
      <NoticePage
        title={`You're invited to ${name}`}
        actions={
          <a className={linkButton} href={login}>
            Sign in
          </a>
        }
      >
        Sign in to accept the invitation. New accounts can't be created here right now.
      </NoticePage>
    )
  }
  return (
    <NoticePage
      title={`You're invited to ${name}`}
      actions={
        <>
          <a className={linkButton} href={`/register?${new URLSearchParams({ invite: token })}`}>
            Create an account
          </a>
          <span className="flex min-h-11 items-center text-sm text-soft mouse:min-h-9">
            <span>
              or{' '}
              <a className={textLink} href={login}>
                sign in
              </a>{' '}
              with the one you have
            </span>
          </span>
        </>
      }
    >
      Create an account to join. If you already have one, sign in and accept the invitation.
    </NoticePage>
  )
}

/** A token that can't be decoded is passed on as it is, and turns out to be invalid. */
function decode(token: string): string {
  try {
    return decodeURIComponent(token)
  } catch {
    return token
  }
}
