import type { Person, Roomline } from './roomline'
import type { StockClient } from './stock-client'

/** Somebody who has signed up, with the client that they are connected with. */
export type ConnectedPerson = Person & StockClient

export async function connectPerson(
  roomline: Roomline,
  { name, node = 0 }: { name?: string; node?: number } = {},
): Promise<ConnectedPerson> {
  const signedUp = await roomline.signUp(name)
  return { ...signedUp, ...roomline.connect(signedUp, { node }) }
}

let rooms = 0

/** @returns the id of the new room */
export async function makeRoom(kind: 'public' | 'private', owner: ConnectedPerson, ...members: ConnectedPerson[]): Promise<string> {
  // No two public rooms may have the same name.
  const name = `Room of ${owner.username} ${++rooms}`
  return (await owner.trpc.rooms.create.mutate({ name, kind, members: members.map(({ username }) => username) })).id
}
