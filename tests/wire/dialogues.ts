import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A dialogue of docs/protocol.md. */
export interface Dialogue {
  title: string
  steps: Step[]
  /** Where its block stands in the document. */
  start: number
  end: number
}

export type Step =
  /** The client opens a socket. */
  | { kind: 'connect'; path: string; headers: Record<string, string> }
  /** The client sends a frame on the newest socket. */
  | { kind: 'send'; frame: string }
  /** A frame arrives on the newest socket. */
  | { kind: 'receive'; frame: string }
  /** Something that the frames do not show. */
  | { kind: 'meanwhile'; words: string }
  /** The server closes the newest socket. */
  | { kind: 'closed'; code: number }
  | { kind: 'request'; method: string; path: string; headers: Record<string, string>; body: string }
  | { kind: 'response'; status: number; body: string }

export const protocolFile = fileURLToPath(new URL('../../docs/protocol.md', import.meta.url))
export const readProtocol = () => readFileSync(protocolFile, 'utf8')

/** The blocks of the document that are marked as frames, each under the last heading before it. */
export function readDialogues(text: string): Dialogue[] {
  return [...text.matchAll(/^```frames\n([\s\S]*?)^```$/gm)].map((match) => {
    const start = match.index + '```frames\n'.length
    const title = [...text.slice(0, match.index).matchAll(/^#+ (.*)$/gm)].at(-1)?.[1] ?? ''
    return { title, steps: readSteps(match[1] ?? ''), start, end: start + (match[1]?.length ?? 0) }
  })
}

/** A line that begins with a space continues the one above it. */
export function readSteps(block: string): Step[] {
  const lines = block.replace(/\n +/g, '').split('\n')
  return lines.filter((line) => line !== '').map(readStep)
}

function readStep(line: string): Step {
  const [, mark = '', rest = ''] = /^(→|←|·|connect|closed|GET|POST|\d{3})\s*(.*)$/.exec(line) ?? []
  switch (mark) {
    case '→':
      return { kind: 'send', frame: rest }
    case '←':
      return { kind: 'receive', frame: rest }
    case '·':
      return { kind: 'meanwhile', words: rest }
    case 'closed':
      return { kind: 'closed', code: Number(rest) }
    case 'connect': {
      const [path = '', ...headers] = rest.split('  ')
      return { kind: 'connect', path, headers: readHeaders(headers) }
    }
    case 'GET':
    case 'POST': {
      const [path = '', ...parts] = rest.split('  ')
      const body = parts.find((part) => /^[[{]/.test(part)) ?? ''
      return { kind: 'request', method: mark, path, headers: readHeaders(parts.filter((part) => part !== body)), body }
    }
    default:
      if (mark === '') throw new Error(`docs/protocol.md: what does this line of a dialogue mean? ${line}`)
      return { kind: 'response', status: Number(mark), body: rest }
  }
}

const readHeaders = (headers: string[]) => Object.fromEntries(headers.map((header) => header.split(/: (.*)/s).slice(0, 2)))

/** The block of a dialogue, with long frames in lines of at most `width` characters. */
export function writeSteps(steps: readonly Step[], width = 132): string {
  return steps.map((step) => `${wrap(writeStep(step), width)}\n`).join('')
}

function writeStep(step: Step): string {
  const headersOf = (headers: Record<string, string>) => Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`)
  switch (step.kind) {
    case 'connect':
      return `connect ${step.path}${headersOf(step.headers).join('')}`
    case 'send':
      return `→ ${step.frame}`
    case 'receive':
      return `← ${step.frame}`
    case 'meanwhile':
      return `· ${step.words}`
    case 'closed':
      return `closed ${step.code}`
    case 'request':
      return `${step.method} ${step.path}${headersOf(step.headers).join('')}${step.body && `  ${step.body}`}`
    case 'response':
      return `${step.status}${step.body && ` ${step.body}`}`
  }
}

/** Breaks after a comma of the JSON. */
function wrap(line: string, width: number): string {
  const lines: string[] = []
  let rest = line
  while (rest.length > width) {
    const at = rest.lastIndexOf(',"', width)
    if (at < 20) break
    lines.push(rest.slice(0, at + 1))
    rest = `  ${rest.slice(at + 1)}`
  }
  return [...lines, rest].join('\n')
}

/** Writes ids and times of a run as the document has them: by the order in which they appear. */
export function createNormalizer() {
  const known = new Map<string, string>()
  const seen = (value: string, make: (number: number) => string, kind: string): string => {
    const key = `${kind} ${value}`
    const found = known.get(key) ?? make([...known.keys()].filter((each) => each.startsWith(`${kind} `)).length + 1)
    known.set(key, found)
    return found
  }
  const toDocument = (text: string): string =>
    text
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, (id) =>
        seen(id, (number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`, 'id'),
      )
      .replace(/"uid":"([^"]+)"/g, (_, uid: string) => `"uid":"${seen(uid, (number) => `connection-${number}`, 'uid')}"`)
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (time) =>
        Date.parse(time) - Date.now() > 3_600_000 ? '2026-03-09T09:00:00.000Z' : '2026-03-02T09:00:00.000Z',
      )
      .replace(/"retryAfterMs":\d+/g, '"retryAfterMs":1000')
  /** What the document's ids stand for in this run. */
  const fromDocument = (text: string): string => {
    let actual = text
    for (const [key, written] of known) actual = actual.replaceAll(written, key.slice(key.indexOf(' ') + 1))
    return actual
  }
  return { toDocument, fromDocument }
}
