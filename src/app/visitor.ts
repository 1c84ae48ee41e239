import { cookies, headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { cache } from 'react'
import type { ServerSettings } from '../contract/admin'
import type { FailureName } from '../contract/failures'
import { requireWebSession, type WebSession } from '../server/auth/web-session'
import type { Visitor } from '../web/account/visitor'
import type { OpenedRoom } from '../web/room/opened-room'
import { parseTexts } from '../web/room/text/parsed-texts'
import { parseTheme, themeCookie } from '../web/ui/theme'
import { parseTimeZone, timeZoneCookie } from '../web/ui/time-zone'

const loadSession = cache(async (): Promise<Awaited<ReturnType<WebSession['findUser']>> | 'database away'> => {
  try {
    return await requireWebSession().findUser((await headers()).get('cookie'))
  } catch (error) {
    if (error instanceof Error && error.name === ('UNAVAILABLE' satisfies FailureName)) return 'database away'
    throw error
  }
})

async function loadVisitor(): Promise<Visitor | null | 'database away'> {
  const session = await loadSession()
  if (session === null || session === 'database away') return session
  const { id, username, displayName } = session.user
  const { role, expiresAt } = session
  const realtimeUrl = requireWebSession().realtimeUrl((await headers()).get('host'))
  return { id, username, displayName, role, expiresAt: expiresAt.toISOString(), realtimeUrl }
}

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

/** The room for the HTML of its page; null when the person is not in it: their client then finds out why. */
export async function readOpenedRoom(room: string, around: number | null): Promise<OpenedRoom | null> {
  const session = await loadSession()
  if (session === null || session === 'database away') return null
  const opened = await requireWebSession().openRoom(session.user, room, around)
  if (!opened) return null
  const timeZone = parseTimeZone((await cookies()).get(timeZoneCookie)?.value)
  return { ...opened, texts: parseTexts(opened.first.messages), around, timeZone }
}

export const readTheme = async () => parseTheme((await cookies()).get(themeCookie)?.value)
