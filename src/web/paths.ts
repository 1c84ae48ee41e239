/** Where a room's page is. Ids are of any script. */
export const roomPath = (room: string) => `/rooms/${encodeURIComponent(room)}`

/** The room whose page this path is. */
export function parseRoomPath(path: string): string | null {
  const [, room] = /^\/rooms\/([^/]+)\/?$/.exec(path) ?? []
  try {
    return room ? decodeURIComponent(room) : null
  } catch {
    return null
  }
}

/** Where an invitation by link is shown. */
export const invitePath = (token: string) => `/invite/${encodeURIComponent(token)}`
