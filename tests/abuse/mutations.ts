import type { Seeded } from '../faults/seeded'
import { rawFrame } from './raw-frames'

type Bytes = Buffer<ArrayBufferLike>

const values: [unknown, ...unknown[]] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 31,
  Number.MAX_SAFE_INTEGER,
  '',
  ' ',
  'general',
  '__proto__',
  'a\0b',
  '\ud800',
  'x'.repeat(3_000),
  '‮',
  [],
  [[]],
  {},
  { toString: 1 },
  '9'.repeat(40),
]

/** One value of a parsed message replaced, removed or repeated. */
function changeValue(message: unknown, seeded: Seeded): unknown {
  if (typeof message !== 'object' || message === null || seeded.next() < 0.2) return seeded.pick(values)
  const entries = Object.entries(message)
  const [first, ...others] = entries
  if (!first) return seeded.pick(values)
  const [key, value] = seeded.pick([first, ...others])
  const copy: Record<string, unknown> = Array.isArray(message) ? ([...message] as never) : { ...message }
  const choice = seeded.between(0, 9)
  if (choice === 0) delete copy[key]
  else if (choice === 1) copy[String(seeded.pick(['id', 'method', 'params', 'path', 'input', 'lastEventId', 'jsonrpc', 'room']))] = value
  else if (choice === 2) copy[`${key}2`] = value
  else copy[key] = changeValue(value, seeded)
  return copy
}

function changeBytes(bytes: Bytes, seeded: Seeded): Bytes {
  const at = seeded.between(0, Math.max(0, bytes.length - 1))
  const to = Math.min(bytes.length, at + seeded.between(1, 12))
  switch (seeded.between(0, 5)) {
    case 0:
      return bytes.subarray(0, at)
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(to)])
    case 2:
      return Buffer.concat([bytes.subarray(0, to), bytes.subarray(at)])
    case 3:
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from(String(seeded.pick(['{', '}', '[', ']', '"', ',', ':', '\\', '\0', '1e9']))),
        bytes.subarray(at),
      ])
    default: {
      const copy = Buffer.from(bytes)
      for (let left = seeded.between(1, 4); left > 0; left--) {
        const place = seeded.between(0, Math.max(0, copy.length - 1))
        copy[place] = (copy[place] ?? 0) ^ (1 << seeded.between(0, 7))
      }
      return copy
    }
  }
}

/** A recorded text, changed in one of many ways, as frames that keep to the protocol. */
export function mutateText(recorded: readonly [string, ...string[]], seeded: Seeded): Bytes {
  const text = seeded.pick(recorded)
  const choice = seeded.next()
  // Few that may all be right: each costs as much as a hundred that are refused.
  if (choice < 0.005) return rawFrame(1, text)
  if (choice < 0.55) return rawFrame(1, JSON.stringify(changeValue(parse(text), seeded)) ?? 'null')
  if (choice < 0.552) return rawFrame(1, `[${Array.from({ length: seeded.between(2, 20) }, () => seeded.pick(recorded)).join(',')}]`)
  if (choice < 0.65) {
    const other = seeded.pick(recorded)
    return rawFrame(1, text.slice(0, seeded.between(0, text.length)) + other.slice(seeded.between(0, other.length)))
  }
  if (choice < 0.98) return rawFrame(1, changeBytes(Buffer.from(text), seeded).toString())
  // In fragments, with a control frame between them.
  const at = seeded.between(0, text.length)
  return Buffer.concat([rawFrame(1, text.slice(0, at), { fin: false }), rawFrame(seeded.pick([9, 10]), 'x'), rawFrame(0, text.slice(at))])
}

/** A recorded text in a frame that breaks the protocol, or waits for more. */
export function mutateFrame(recorded: readonly [string, ...string[]], seeded: Seeded): Bytes {
  const options = { fin: seeded.next() < 0.8, reserved: seeded.between(0, 1) }
  return changeBytes(rawFrame(seeded.between(0, 15), seeded.pick(recorded), options), seeded)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
