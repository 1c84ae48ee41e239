import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { cache } from 'react'
import type { FailureName } from '../contract/failures'
import { requireWebSession } from '../server/auth/web-session'
import type { Visitor } from '../web/account/visitor'

/** Who is signed in, if anybody. */
export const findVisitor = cache(async (): Promise<Visitor | null> => {
  const asked = await headers()
  const webSession = requireWebSession()
  const session = await webSession.findUser(asked.get('cookie'))
  if (!session) return null
  const { username, displayName } = session.user
  const { role } = session
  return { username, displayName, role, expiresAt: session.expiresAt.toISOString(), realtimeUrl: webSession.realtimeUrl(asked.get('host')) }
})

/** Whether nobody can tell who is signed in, because the server cannot reach its database. */
export async function isDatabaseAway(): Promise<boolean> {
  try {
    await findVisitor()
    return false
  } catch (error) {
    if (error instanceof Error && error.name === ('UNAVAILABLE' satisfies FailureName)) return true
    throw error
  }
}

/** Who is signed in; others go and sign in first, and come back to `path`. */
export async function requireVisitor(path: string): Promise<Visitor> {
  return (await findVisitor()) ?? redirect(path === '/' ? '/login' : `/login?next=${encodeURIComponent(path)}`)
}
