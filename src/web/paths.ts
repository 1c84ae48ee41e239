import { maxInteger } from '../contract/rules'

/** The path of a room's page. Ids can contain letters of any script. */
export const roomPath = (room: string) => `/rooms/${encodeURIComponent(room)}`

/** The path that opens a room at one of its messages. */
export const messagePath = (room: string, seq: number) => `${roomPath(room)}/${seq}`

/** The room of the path of a room or of a message; null for any other path. */
export function parseRoomPath(path: string): string | null {
  return parseMessagePath(path)?.room ?? null
}

/** The room of such a path, and the message that it names: null for the room itself. Null for any other path. */
export function parseMessagePath(path: string): { room: string; seq: number | null } | null {
  const [, room, seq] = /^\/rooms\/([^/]+)(?:\/([1-9]\d{0,9}))?\/?$/.exec(path) ?? []
  if (!room || Number(seq ?? 1) > maxInteger) return null
  try {
    return { room: decodeURIComponent(room), seq: seq === undefined ? null : Number(seq) }
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
