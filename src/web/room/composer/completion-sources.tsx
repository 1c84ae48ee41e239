import { Hash, LockKeyhole, Slash } from 'lucide-react'
import { useMemo } from 'react'
import type { Chat } from '../../../sdk'
import type { PersonName } from '../../people/people-search'
import { Avatar } from '../../ui/avatar'
import type { RoomCommand } from './commands'
import type { Completion, CompletionSource, CompletionSources } from './completion'

const everyone: PersonName = { username: 'room', displayName: 'Everyone in this room' }
const shownLimit = 8
const askDelayMs = 120

interface SourceOptions {
  client: Chat
  room: string
  me: string
  /** Left out where a message cannot be a command, such as in an edit. */
  commands?: readonly RoomCommand[]
}

/** What a text in a room can be completed with. */
export function useCompletionSources({ client, room, me, commands }: SourceOptions): CompletionSources {
  return useMemo(
    () => ({
      person: createPeopleSource(client, room, me),
      room: createRoomSource(client),
      emoji: emojiSource,
      ...(commands && { command: createCommandSource(commands) }),
    }),
    [client, room, me, commands],
  )
}

function createPeopleSource(client: Chat, room: string, me: string): CompletionSource {
  return {
    label: 'People to mention',
    delayMs: askDelayMs,
    find: async (query) => {
      const { members } = await client.trpc.rooms.members.query({ room, query })
      const people = members.map(({ user }) => user).filter(({ username }) => username !== me)
      return rankPeople('room'.startsWith(query) ? [...people, everyone] : people, query).map(completePerson)
    },
  }
}

/** Usernames that begin with what was typed come first. */
function rankPeople(people: readonly PersonName[], query: string): readonly PersonName[] {
  const rankOf = ({ username }: PersonName) => (username.startsWith(query) ? 0 : 1)
  return [...people].sort((a, b) => rankOf(a) - rankOf(b)).slice(0, shownLimit)
}

const completePerson = (person: PersonName): Completion => ({
  key: person.username,
  insert: `@${person.username}`,
  name: person.displayName,
  detail: `@${person.username}`,
  whole: person.username,
  picture:
    person === everyone ? (
      <span className="inline-flex size-6 items-center justify-center rounded-s bg-spark font-semibold text-on-spark text-sm">@</span>
    ) : (
      <Avatar {...person} className="size-6! rounded-s! text-[0.625rem]!" />
    ),
})

function createRoomSource(client: Chat): CompletionSource {
  return {
    label: 'Rooms',
    delayMs: askDelayMs,
    find: async (query) => {
      const mine = await client.trpc.rooms.list.query()
      const rooms = mine.filter(({ kind, id, name }) => kind === 'public' && (id.includes(query) || name.toLowerCase().includes(query)))
      const rankOf = ({ id, name }: { id: string; name: string }) => (id.startsWith(query) || name.toLowerCase().startsWith(query) ? 0 : 1)
      rooms.sort((a, b) => rankOf(a) - rankOf(b) || a.name.localeCompare(b.name))
      return rooms.slice(0, shownLimit).map(({ id, name, topic, kind }) => ({
        key: id,
        insert: `#${id}`,
        name,
        whole: id,
        picture: kind === 'public' ? <Hash className="size-4 text-faint" /> : <LockKeyhole className="size-4 text-faint" />,
        ...(topic && { detail: topic }),
      }))
    },
  }
}

const emojiSource: CompletionSource = {
  label: 'Emoji',
  find: async (query) => {
    const { findShortcodes } = await import('../emoji/emoji-data')
    const found = await findShortcodes(query)
    return found.slice(0, shownLimit).map(({ emoji, shortcode }) => ({
      key: shortcode,
      insert: emoji,
      name: `:${shortcode}:`,
      picture: <span className="emoji text-lg leading-none">{emoji}</span>,
    }))
  },
}

function createCommandSource(commands: readonly RoomCommand[]): CompletionSource {
  return {
    label: 'Commands',
    find: (query) =>
      commands
        .filter(({ name }) => name.startsWith(query))
        .map(({ name, takes, does }) => ({
          key: name,
          insert: `/${name}`,
          name: takes === '' ? `/${name}` : `/${name} ${takes}`,
          detail: does,
          picture: <Slash className="size-4 text-faint" />,
          ...((takes === '' || name === 'status' || name === 'shrug') && { whole: name }),
        })),
  }
}
