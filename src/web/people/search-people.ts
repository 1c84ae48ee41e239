import type { ChatClient, User } from '../../sdk'

const atMost = 8

/** People whose name or username has this in it. Nobody, where the server does not tell: a whole username can still be typed. */
export async function searchPeople(client: ChatClient, query: string): Promise<readonly User[]> {
  const found = await client.users.search.query({ query, limit: atMost }).catch(() => null)
  return found?.users ?? []
}
