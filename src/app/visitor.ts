import { cookies, headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { cache } from 'react'
import type { ServerSettings } from '../contract/admin'
import type { FailureName } from '../contract/failures'
import { requireWebSession } from '../server/auth/web-session'
import type { Visitor } from '../web/account/visitor'
import { parseTheme, themeCookie } from '../web/ui/theme'

const loadVisitor = cache(async (): Promise<Visitor | null | 'database away'> => {
  const requestHeaders = await headers()
  const webSession = requireWebSession()
  try {
    const session = await webSession.findUser(requestHeaders.get('cookie'))
    if (!session) return null
    const { id, username, displayName } = session.user
    const { role } = session
    return {
      id,
      username,
      displayName,
      role,
      expiresAt: session.expiresAt.toISOString(),
      realtimeUrl: webSession.realtimeUrl(requestHeaders.get('host')),
    }
  } catch (error) {
    if (error instanceof Error && error.name === ('UNAVAILABLE' satisfies FailureName)) return 'database away'
    throw error
  }
})

const ownName = { name: 'Roomline', logo: null, registration: 'closed', registrationIsFixed: false } as const

/** The server's name, logo and registration mode. While the database is unreachable they are not known, and no page needs them. */
export const readServer = cache(async (): Promise<ServerSettings> => {
  try {
    return await requireWebSession().settings()
  } catch (error) {
    if (error instanceof Error && error.name === ('UNAVAILABLE' satisfies FailureName)) return ownName
    throw error
  }
})

/** Whether the database is unreachable. The layout then says so instead of showing a page. */
export const isDatabaseAway = async () => (await loadVisitor()) === 'database away'

/** Next renders a page even if the layout does not show it: this keeps it from throwing or redirecting. */
const placeholder: Visitor = {
  id: '',
  username: '',
  displayName: '',
  role: 'member',
  expiresAt: new Date(0).toISOString(),
  realtimeUrl: '',
}

/** The signed-in user; null when there is none. */
export async function findVisitor(): Promise<Visitor | null> {
  const found = await loadVisitor()
  return found === 'database away' ? null : found
}

/** The signed-in user. Anybody else is redirected to the sign-in form, and comes back to `path` afterwards. */
export async function requireVisitor(path: string): Promise<Visitor> {
  if (await isDatabaseAway()) return placeholder
  return (await findVisitor()) ?? redirect(path === '/' ? '/login' : `/login?next=${encodeURIComponent(path)}`)
}

export const readTheme = async () => parseTheme((await cookies()).get(themeCookie)?.value)
