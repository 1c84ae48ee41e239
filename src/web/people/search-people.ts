import type { ChatClient, User } from '../../sdk'

/** TODO: call `client.users.search` as it is once the SDK's client has it, and let this go. */
interface UserCalls {
  users?: { search: { query(input: { query: string; limit: number }): Promise<{ users: User[] }> } }
}

const atMost = 8

/** People whose name or username has this in it. Nobody, where the server does not tell: a whole username can still be typed. */
export async function searchPeople(client: ChatClient, query: string): Promise<readonly User[]> {
  const { users } = client as ChatClient & UserCalls
  const found = await users?.search.query({ query, limit: atMost }).catch(() => null)
  return found?.users ?? []
}
