import type { Querying } from '../platform/database'

/** What anybody may know of this server, and therefore no password may be: its name and its host. */
export async function readServerNames(querying: Querying, publicUrl?: string): Promise<string[]> {
  const { rows } = await querying.query<{ name: string | null }>('SELECT name FROM server_settings')
  return ['Roomline', ...(publicUrl ? [new URL(publicUrl).hostname] : []), ...rows.flatMap(({ name }) => name ?? [])]
}
