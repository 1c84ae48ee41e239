import { cookies, headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { cache } from 'react'
import type { FailureName } from '../contract/failures'
import { requireWebSession } from '../server/auth/web-session'
import type { Visitor } from '../web/account/visitor'
import { parseTheme, themeCookie } from '../web/ui/theme'

const lookForVisitor = cache(async (): Promise<Visitor | null | 'database away'> => {
  const asked = await headers()
  const webSession = requireWebSession()
  try {
    const session = await webSession.findUser(asked.get('cookie'))
    if (!session) return null
    const { id, username, displayName } = session.user
    const { role } = session
    return {
      id,
      username,
      displayName,
      role,
      expiresAt: session.expiresAt.toISOString(),
      realtimeUrl: webSession.realtimeUrl(asked.get('host')),
    }
  } catch (error) {
    if (error instanceof Error && error.name === ('UNAVAILABLE' satisfies FailureName)) return 'database away'
    throw error
  }
})

/** Whether nobody can tell who is signed in. The layout then says so instead of any page. */
export const isDatabaseAway = async () => (await lookForVisitor()) === 'database away'

/** Next makes a page although the layout does not show it. What that page threw would be logged, and a redirect followed. */
const unseen: Visitor = { id: '', username: '', displayName: '', role: 'member', expiresAt: new Date(0).toISOString(), realtimeUrl: '' }

/** Who is signed in, if anybody. */
export async function findVisitor(): Promise<Visitor | null> {
  const found = await lookForVisitor()
  return found === 'database away' ? null : found
}

/** Who is signed in; others go and sign in first, and come back to `path`. */
export async function requireVisitor(path: string): Promise<Visitor> {
  if (await isDatabaseAway()) return unseen
  return (await findVisitor()) ?? redirect(path === '/' ? '/login' : `/login?next=${encodeURIComponent(path)}`)
}

export const readTheme = async () => parseTheme((await cookies()).get(themeCookie)?.value)
