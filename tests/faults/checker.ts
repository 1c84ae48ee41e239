import { createHash } from 'node:crypto'
import type { Message } from '../../src/contract/message'

/** What a follower keeps of a message: enough to tell messages apart, small enough to keep millions. */
export interface Seen {
  seq: number
  version: number
  print: number
}

/** A message as it is stored. */
export interface Stored {
  seq: number
  version: number
  authorId: string
  clientId: string | null
  /** As `shorten` returns it. */
  text: string
  /** ISO 8601 */
  time: string
}

export interface Acknowledged {
  /** The id of the user who sent it. */
  authorId: string
  clientId: string
  text: string
  message: Message
}

export interface Follower {
  name: string
  /** It follows from the change after this version. */
  after: number
  log: readonly Seen[]
}

/** Everything that was observed of one room. */
export interface History {
  room: string
  lastSeq: number
  lastVersion: number
  /** Ascending by seq. */
  stored: readonly Stored[]
  acknowledged: readonly Acknowledged[]
  followers: readonly Follower[]
}

/** A hash of everything that a message says. */
export function fingerprint(message: Stored): number {
  const { seq, version, authorId, clientId, text, time } = message
  return createHash('sha1')
    .update(JSON.stringify([seq, version, authorId, clientId, text, time]))
    .digest()
    .readUIntBE(0, 6)
}

export function toStored(message: Message): Stored {
  const { seq, version, author, clientId, text, time } = message
  return { seq, version, authorId: author.id, clientId, text: shorten(text), time }
}

/** Long texts are compared by their hash, which the database can compute too. */
export function shorten(text: string): string {
  return Buffer.byteLength(text) > longBytes ? createHash('sha256').update(text).digest('hex') : text
}
export const longBytes = 1_024

/**
 * Checks a room after its faults: acknowledged ⊆ stored, each clientId once, seq = 1..n, versions strictly rising, and in
 * each follower's log every change after its cursor, exactly once, in order, and with the stored content.
 * @returns the first violation, or null
 */
export function findViolation(history: History): string | null {
  return findInStored(history) ?? findInAcknowledged(history) ?? findInLogs(history)
}

function findInStored({ stored, lastSeq, lastVersion }: History): string | null {
  const authors = new Map<string, number>()
  const versions = new Map<number, number>()
  for (const [index, row] of stored.entries()) {
    if (row.seq !== index + 1) return `stored: at place ${index + 1} of the room is the message of seq ${row.seq}`
    if (row.version < row.seq) return `stored: seq ${row.seq} has version ${row.version}`
    const twin = versions.get(row.version)
    if (twin !== undefined) return `stored: seq ${twin} and seq ${row.seq} both have version ${row.version}`
    versions.set(row.version, row.seq)
    if (row.clientId !== null) {
      const key = `${row.authorId} ${row.clientId}`
      const first = authors.get(key)
      if (first !== undefined) return `stored: clientId ${row.clientId} of one author is seq ${first} and again seq ${row.seq}`
      authors.set(key, row.seq)
    }
  }
  if (lastSeq !== stored.length) return `stored: the room counts ${lastSeq} messages and holds ${stored.length}`
  const highest = stored.reduce((most, { version }) => Math.max(most, version), 0)
  if (lastVersion < highest) return `stored: the room is at version ${lastVersion}, a message at ${highest}`
  // While no message is changed, versions rise with seqs.
  if (lastVersion === lastSeq) {
    const fallen = stored.find((row, index) => row.version <= (stored[index - 1]?.version ?? 0))
    if (fallen) return `stored: the version ${fallen.version} of seq ${fallen.seq} does not rise`
  }
  return null
}

function findInAcknowledged({ room, stored, acknowledged }: History): string | null {
  const rows = new Map(stored.map((row) => [row.seq, row]))
  const places = new Map<string, number>()
  for (const { authorId, clientId, text, message } of acknowledged) {
    const what = `acknowledged: ${clientId} (seq ${message.seq})`
    const row = rows.get(message.seq)
    if (message.room !== room) return `${what} was answered with a message of room ${message.room}`
    if (!row) return `${what} is not stored: it is lost`
    if (row.clientId !== clientId || row.authorId !== authorId) return `${what}: at its place is stored clientId ${row.clientId}`
    if (message.clientId !== clientId || message.author.id !== authorId) return `${what} was answered with clientId ${message.clientId}`
    if (message.editedAt === null && message.text !== text) return `${what} was answered with another text than was sent`
    if (message.version > row.version) return `${what} was answered with version ${message.version}, stored is ${row.version}`
    if (message.version === row.version && fingerprint(toStored(message)) !== fingerprint(row))
      return `${what}: the answer is not the message that is stored`
    const known = places.get(`${authorId} ${clientId}`)
    if (known !== undefined && known !== message.seq) return `${what} was acknowledged before as seq ${known}`
    places.set(`${authorId} ${clientId}`, message.seq)
  }
  return null
}

function findInLogs({ stored, followers }: History): string | null {
  const bySeq = new Map(stored.map((row) => [row.seq, row]))
  const changes = stored.map(({ seq, version }) => ({ seq, version })).sort((one, other) => one.version - other.version)
  const prints = new Map<number, number>()
  for (const row of stored) prints.set(row.version, fingerprint(row))

  for (const { name, after, log } of followers) {
    let last = after
    for (const seen of log) {
      const what = `${name}: version ${seen.version} (seq ${seen.seq})`
      if (seen.version === last && last !== after) return `${what} came twice`
      if (seen.version <= last) return `${what} came after version ${last}`
      last = seen.version
      const row = bySeq.get(seen.seq)
      if (!row) return `${what} is not stored: it was made up`
      if (seen.version > row.version) return `${what} is not stored: that message is at version ${row.version}`
      if (seen.version === row.version && seen.print !== prints.get(row.version)) return `${what} does not say what is stored`
      // The content of a change that was changed again is not stored, but all followers must have seen the same.
      const known = prints.get(seen.version)
      if (known === undefined) prints.set(seen.version, seen.print)
      else if (known !== seen.print) return `${what} says something else to another follower`
    }
    let at = 0
    for (const change of changes) {
      if (change.version <= after) continue
      while ((log[at]?.version ?? Number.POSITIVE_INFINITY) < change.version) at++
      if (log[at]?.version !== change.version) {
        const where =
          log.length === 0 ? 'it saw nothing' : last < change.version ? `it stopped at ${last}` : `its next is ${log[at]?.version}`
        return `${name} missed version ${change.version} (seq ${change.seq}): ${where}`
      }
    }
  }
  return null
}
