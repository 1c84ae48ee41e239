import { createServer } from '@roomline/sdk/server'

export const realtimeUrl = process.env.ROOMLINE_REALTIME_URL ?? 'ws://localhost:3001/trpc'

/** The room that everybody of this app talks in. */
export const room = 'general'

/** The secret is on this server only, and the same as Roomline's. */
export const roomline = createServer({ url: realtimeUrl, secret: process.env.APP_TOKEN_SECRETS })

/** How Roomline knows one of this app's users. */
export const toChatUser = ({ id, name }: { id: string; name: string }) => ({
  id,
  name,
  rooms: [room],
  expiresInS: Number(process.env.TOKEN_SECONDS ?? 900),
})
