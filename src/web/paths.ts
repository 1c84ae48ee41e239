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
