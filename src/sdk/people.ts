import type { Person } from '../contract/people'
import type { Me } from '../contract/session'
import type { Procedures } from './calls'
import type { PresenceHandle } from './presence'

/** People. All calls reject with an error for `readFailure`. */
export interface ChatPeople {
  /** The person and session of this connection. `uid` in it is the connection's id, which is in each message that it sends. */
  me(): Promise<Me>
  /** @throws USER_NOT_FOUND */
  get(username: string): Promise<Person>
  /** People whose username or display name contains this, exact matches first. @param options `limit`: how many at most */
  search(query: string, options?: { limit?: number }): Promise<Person[]>
  /**
   * A live view of who is online in a room and who is typing. Close it when it is no longer shown.
   * @example
   * const presence = chat.people.in('general')
   * presence.state.subscribe(() => console.log(presence.state.get().count, 'online'))
   */
  in(room: string): PresenceHandle
}

export function createPeople(
  { session, users }: Pick<Procedures, 'session' | 'users'>,
  openPresence: (room: string) => PresenceHandle,
): ChatPeople {
  return {
    me: () => session.me.query(),
    get: (username) => users.get.query({ username }),
    search: async (query, options = {}) => (await users.search.query({ query, ...options })).users,
    in: openPresence,
  }
}
