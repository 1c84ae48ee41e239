import { failures } from '../../../contract/failures'
import { foldUsername, isUsername } from '../../../contract/rules'
import { type Chat, type Room, readFailure } from '../../../sdk'
import { rightsIn } from '../../rooms/room-rights'

/** Something that a text beginning with a slash does. */
export interface RoomCommand {
  name: string
  /** What follows the name, as its description shows it; "" for nothing. */
  takes: string
  does: string
}

export interface CommandOptions {
  client: Chat
  room: Room
  /** Sends a text in the place where the command was typed. */
  send(text: string): void
  /** Asks whether to leave the room. */
  onLeave(): void
}

const shrugFace = '¯\\_(ツ)_/¯'
const shrug = { name: 'shrug', takes: 'text', does: `Add ${shrugFace} to your message` }
const status = { name: 'status', takes: 'text', does: 'Set your status, or clear it' }
const topic = { name: 'topic', takes: 'text', does: "Change the room's topic" }
const invite = { name: 'invite', takes: '@name', does: 'Add somebody to this room' }
const leave = { name: 'leave', takes: '', does: 'Leave this room' }

/** The commands that somebody may use in a room. */
export function commandsIn(room: Room | undefined): readonly RoomCommand[] {
  if (!room) return [shrug, status]
  const { changesOwn, moderates } = rightsIn(room)
  return [shrug, status, ...(moderates ? [topic] : []), ...(changesOwn ? [invite, leave] : [])]
}

/** The command that a text is, and what follows its name. Null when it is an ordinary text. */
export function findCommand(text: string, commands: readonly RoomCommand[]): { command: RoomCommand; rest: string } | null {
  const [, name, rest = ''] = /^\/([a-z]+)(?:\s+([\s\S]*))?$/i.exec(text.trim()) ?? []
  const command = commands.find((each) => each.name === name?.toLowerCase())
  return command ? { command, rest: rest.trim() } : null
}

/** The name of a command that there is not: "/topik new". Paths and the like are no commands. */
export function findUnknownCommand(text: string, commands: readonly RoomCommand[]): string | null {
  const [, name] = /^\/([a-z]+)(?:\s|$)/i.exec(text) ?? []
  if (name === undefined || commands.some((each) => each.name.startsWith(name.toLowerCase()))) return null
  return name
}

/** Does what a command says. @returns why not, in words to show; null when it was done */
export async function runCommand(
  { command, rest }: { command: RoomCommand; rest: string },
  options: CommandOptions,
): Promise<string | null> {
  const { client, room, send, onLeave } = options
  try {
    switch (command) {
      case shrug:
        send(`${rest} ${shrugFace}`.trim())
        return null
      case status:
        await client.trpc.users.update.mutate({ status: rest })
        return null
      case topic:
        await client.trpc.rooms.update.mutate({ room: room.id, topic: rest })
        return null
      case invite:
        return await addPeople(client, room.id, rest)
      case leave:
        onLeave()
        return null
      default:
        return null
    }
  } catch (error) {
    const { words, fields } = readFailure(error)
    const [problem] = Object.values(fields ?? {})
    return problem ? `The ${command.name} ${problem}.` : words
  }
}

async function addPeople(client: Chat, room: string, names: string): Promise<string | null> {
  const usernames = names.split(/[\s,]+/).flatMap((name) => (name === '' ? [] : [foldUsername(name.replace(/^@/, ''))]))
  if (usernames.length === 0) return 'Say whom: /invite @name'
  for (const username of usernames) {
    if (!isUsername(username)) return `${failures.USER_NOT_FOUND.words} (${username})`
    await client.trpc.rooms.invite.mutate({ room, username })
  }
  return null
}
