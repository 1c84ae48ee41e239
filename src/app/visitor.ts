import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { cache } from 'react'
import { requireWebSession } from '../server/auth/web-session'
import type { Visitor } from '../web/account/visitor'

/** Who is signed in, if anybody. */
export const findVisitor = cache(async (): Promise<Visitor | null> => {
  const asked = await headers()
  const webSession = requireWebSession()
  const session = await webSession.findUser(asked.get('cookie'))
  if (!session) return null
  const { id, username, displayName } = session.user
  const { role } = session
  const expiresAt = session.expiresAt.toISOString()
  return { id, username, displayName, role, expiresAt, realtimeUrl: webSession.realtimeUrl(asked.get('host')) }
})

/** Who is signed in; others go and sign in first, and come back to `path`. */
export async function requireVisitor(path: string): Promise<Visitor> {
  return (await findVisitor()) ?? redirect(path === '/' ? '/login' : `/login?next=${encodeURIComponent(path)}`)
}
