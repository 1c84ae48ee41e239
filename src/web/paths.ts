/** The path of a room's page. Ids can contain letters of any script. */
export const roomPath = (room: string) => `/rooms/${encodeURIComponent(room)}`

/** The room of a room page's path; null for any other path. */
export function parseRoomPath(path: string): string | null {
  const [, room] = /^\/rooms\/([^/]+)\/?$/.exec(path) ?? []
  try {
    return room ? decodeURIComponent(room) : null
  } catch {
    return null
  }
}

/** The path of an invitation's page. */
export const invitePath = (token: string) => `/invite/${encodeURIComponent(token)}`

/** The pages for admins, in the order of their menu. The first is at /admin itself. */
export const adminSections = ['people', 'invitations', 'rooms', 'connections', 'audit', 'settings'] as const
export type AdminSection = (typeof adminSections)[number]

/** @param query filters, by name */
export function adminPath(section: AdminSection, query: Record<string, string> = {}): string {
  const filters = Object.entries(query).filter(([, value]) => value !== '')
  const path = section === 'people' ? '/admin' : `/admin/${section}`
  return filters.length > 0 ? `${path}?${new URLSearchParams(filters)}` : path
}

/** The section of an admin page's path; null for any other path. */
export function parseAdminPath(path: string): AdminSection | null {
  const [, name] = /^\/admin(?:\/([a-z]+))?\/?$/.exec(path) ?? []
  if (name === undefined) return /^\/admin\/?$/.test(path) ? 'people' : null
  return adminSections.find((section) => section === name) ?? null
}
