import { expect } from 'vitest'
import type { PresenceEvent } from '../../../src/contract/presence'
import type { Chat, Message, Procedures, RoomListEvent } from '../../../src/sdk'
import { type ChatFailureName, readFailure } from '../../../src/sdk/chat-error'

export interface ContractPerson {
  username: string
  chat: Chat
  /** Every procedure: `chat.trpc`. */
  client: Procedures
}

/** A server, in memory or real, that the rules are tried on. */
export interface ContractServer extends AsyncDisposable {
  /** Somebody new with a connected client. @param username free on this server */
  connect(username: string): Promise<Chat>
  /** Breaks the connection of somebody. The client comes back by itself. */
  cut(person: Pick<ContractPerson, 'username'>): void
  /** Lets a little time pass. */
  pass(): Promise<void>
}

export type Rules = Record<string, (scene: Scene) => Promise<void>>

interface Followed<Event> {
  events: Event[]
  /** Why it has ended. */
  failure: ChatFailureName | null
  stop(): void
}

interface Subscription<Event> {
  onStarted(): void
  onData(event: Event): void
  onError(error: unknown): void
}

let made = 0

/** A new one each time. None looks like another one, as `1l` and `1i` do. */
function newEnding(): string {
  made++
  return [...made.toString(8)].map((digit) => 'abcdefgh'.charAt(Number(digit))).join('')
}

/** What a rule is written with. People and rooms are new in each, because all rules share one server. */
export class Scene {
  constructor(readonly server: ContractServer) {}

  async person(name: string): Promise<ContractPerson> {
    const username = `${name}-${newEnding()}`
    const chat = await this.server.connect(username)
    return { username, chat, client: chat.trpc }
  }

  async people<Names extends string[]>(...names: Names): Promise<{ [Index in keyof Names]: ContractPerson }> {
    return (await Promise.all(names.map((name) => this.person(name)))) as { [Index in keyof Names]: ContractPerson }
  }

  /** A name for a room that no other has. */
  roomName(): string {
    return `Room ${newEnding()}`
  }

  /** @returns the room's id */
  async room(kind: 'public' | 'private', owner: ContractPerson, ...members: ContractPerson[]): Promise<string> {
    const usernames = members.map(({ username }) => username)
    return (await owner.client.rooms.create.mutate({ name: this.roomName(), kind, members: usernames })).id
  }

  /** Two people in a private room of the first. */
  async pair(): Promise<{ ada: ContractPerson; ben: ContractPerson; room: string }> {
    const [ada, ben] = await this.people('ada', 'ben')
    return { ada, ben, room: await this.room('private', ada, ben) }
  }

  async until(condition: () => boolean | Promise<boolean>, tries = 1_500): Promise<void> {
    for (let left = tries; !(await condition()); left--) {
      if (left === 0) throw new Error(`never true: ${condition}`)
      await this.server.pass()
    }
  }

  /** Sends these texts one after the other. */
  async say({ client }: Pick<ContractPerson, 'client'>, room: string, ...texts: string[]): Promise<Message[]> {
    const sent: Message[] = []
    for (const text of texts) sent.push(await client.chat.send.mutate({ room, text }))
    return sent
  }

  /** Follows a room. Resolves when the server has confirmed it. */
  async follow(
    { client }: Pick<ContractPerson, 'client'>,
    room: string,
    lastEventId?: string,
  ): Promise<Followed<Message> & { ids: string[] }> {
    const ids: string[] = []
    const followed = await this.#subscribe<Message>((on) =>
      client.chat.onMessage.subscribe(
        { room, ...(lastEventId !== undefined && { lastEventId }) },
        {
          ...on,
          onData: ({ id, data }) => {
            ids.push(id)
            on.onData(data)
          },
        },
      ),
    )
    return Object.assign(followed, { ids })
  }

  async followList({ client }: Pick<ContractPerson, 'client'>): Promise<Followed<RoomListEvent>> {
    const followed = await this.#subscribe<RoomListEvent>((on) => client.rooms.onChange.subscribe(undefined, on))
    await this.until(() => followed.events.length > 0)
    return followed
  }

  async followPresence({ client }: Pick<ContractPerson, 'client'>, room: string): Promise<Followed<PresenceEvent>> {
    const followed = await this.#subscribe<PresenceEvent>((on) => client.presence.onChange.subscribe({ room }, on))
    await this.until(() => followed.events.length > 0)
    return followed
  }

  #subscribe<Event>(subscribe: (on: Subscription<Event>) => { unsubscribe(): void }): Promise<Followed<Event>> {
    return new Promise((resolve, reject) => {
      const followed: Followed<Event> = { events: [], failure: null, stop: () => subscription.unsubscribe() }
      const subscription = subscribe({
        onStarted: () => resolve(followed),
        onData: (event) => followed.events.push(event),
        onError: (error) => {
          followed.failure = readFailure(error).name
          reject(error)
        },
      })
    })
  }
}

/** The name of the failure that a call is rejected with. */
export async function failureOf(call: Promise<unknown>): Promise<ChatFailureName> {
  return call.then(
    () => {
      throw new Error('the call was not rejected')
    },
    (error: unknown) => readFailure(error).name,
  )
}

/** Rejections that must not tell two cases apart. */
export async function expectAlike(one: Promise<unknown>, other: Promise<unknown>): Promise<void> {
  const [first, second] = await Promise.all(
    [one, other].map((call) =>
      call.then(
        () => null,
        (error: unknown) => readFailure(error),
      ),
    ),
  )
  expect(first).not.toBeNull()
  expect(first).toEqual(second)
}

export const textsOf = (messages: readonly { text: string }[]): string[] => messages.map(({ text }) => text)

export const seqsOf = (messages: readonly { seq: number }[]): number[] => messages.map(({ seq }) => seq)

/** The keys of an object, sorted. */
export const shapeOf = (value: object): string[] => Object.keys(value).sort()
