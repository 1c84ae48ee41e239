import type { Rewrite } from '../support/tcp-proxy'
import type { Seeded } from './seeded'

/** What happens to the publications that Redis pushes to a node. Shares are from 0 to 1. */
export interface PublicationFault {
  drop?: number
  repeat?: number
  /** A publication waits until the next one has passed it. */
  reorder?: number
  /** A publication arrives up to `maxMs` late, and so after later ones. */
  delay?: { share: number; maxMs: number }
}

/** Disturbs the publications that a Redis connection pushes. Replies and subscriptions pass. */
export interface PublicationLine {
  rewrite: () => Rewrite
  /** @param channels the prefix of the channels to disturb */
  setFault(fault: PublicationFault, channels?: string): void
  /** How many publications were seen, and how many of them were disturbed. */
  count(): { seen: number; disturbed: number }
}

/** How long a publication waits for another to pass it. */
const passMs = 200

export function createPublicationLine(chance: Seeded): PublicationLine {
  let fault: PublicationFault = {}
  let channels = ''
  let seen = 0
  let disturbed = 0

  const rewrite = (): Rewrite => {
    let rest: Buffer = Buffer.alloc(0)
    let overtaken: (() => void) | null = null

    function push(publication: Buffer, write: (bytes: Buffer) => void) {
      seen++
      const dice = chance.next()
      const { drop = 0, repeat = 0, reorder = 0, delay = { share: 0, maxMs: 0 } } = fault
      if (dice < drop + repeat + reorder + delay.share) disturbed++
      const before = overtaken
      overtaken = null
      if (dice < drop) {
        // Dropped.
      } else if (dice < drop + repeat) {
        for (let times = chance.between(2, 4); times > 0; times--) write(publication)
      } else if (dice < drop + repeat + reorder) {
        const pass = () => {
          clearTimeout(timer)
          write(publication)
        }
        const timer = setTimeout(() => {
          if (overtaken === pass) overtaken = null
          pass()
        }, passMs)
        overtaken = pass
      } else if (dice < drop + repeat + reorder + delay.share) {
        setTimeout(() => write(publication), chance.between(1, delay.maxMs))
      } else write(publication)
      before?.()
    }

    return (chunk, write) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      let at = 0
      let passed = 0
      for (let end = endOfValue(rest, 0); end !== null; end = endOfValue(rest, at)) {
        const channel = channelOf(rest, at)
        if (channel?.startsWith(channels)) {
          if (at > passed) write(rest.subarray(passed, at))
          push(rest.subarray(at, end), write)
          passed = end
        }
        at = end
        if (at === rest.length) break
      }
      if (at > passed) write(rest.subarray(passed, at))
      rest = rest.subarray(at)
    }
  }

  return {
    rewrite,
    setFault: (next, only = '') => {
      fault = next
      channels = only
      seen = 0
      disturbed = 0
    },
    count: () => ({ seen, disturbed }),
  }
}

/** The channel of a publication, as RESP2 (`*3`) or RESP3 (`>3`) pushes it; null for anything else. */
function channelOf(bytes: Buffer, at: number): string | null {
  const type = bytes[at]
  if (type !== 0x2a && type !== 0x3e) return null
  const head = bytes.indexOf('\r\n', at) + 2
  const kind = bulkAt(bytes, head)
  if (kind?.text !== 'message' && kind?.text !== 'smessage') return null
  return bulkAt(bytes, kind.end)?.text ?? null
}

function bulkAt(bytes: Buffer, at: number): { text: string; end: number } | null {
  if (bytes[at] !== 0x24) return null
  const start = bytes.indexOf('\r\n', at) + 2
  const end = start + Number(bytes.toString('latin1', at + 1, start - 2))
  return { text: bytes.toString('utf8', start, end), end: end + 2 }
}

/** The end of the RESP value that begins at `at`; null while it is incomplete. */
function endOfValue(bytes: Buffer, at: number): number | null {
  const line = bytes.indexOf('\r\n', at)
  if (line === -1) return null
  const head = line + 2
  const count = () => Number(bytes.toString('latin1', at + 1, line))
  switch (String.fromCharCode(bytes[at] ?? 0)) {
    case '$':
    case '=':
    case '!': {
      const end = count() < 0 ? head : head + count() + 2
      return end <= bytes.length ? end : null
    }
    case '*':
    case '~':
    case '>':
      return endOfValues(bytes, head, count())
    case '%':
      return endOfValues(bytes, head, count() * 2)
    case '|':
      return endOfValues(bytes, head, count() * 2 + 1)
    default:
      return head
  }
}

function endOfValues(bytes: Buffer, at: number, count: number): number | null {
  let end: number | null = at
  for (let index = 0; index < count && end !== null; index++) end = endOfValue(bytes, end)
  return end
}
