import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { RuleBroken, waitFor } from '../rules'

/** What a judged client says. */
export type ClientEvent =
  | { event: 'message'; room: string; id: string; seq: number; text: string }
  | { event: 'sent'; clientId: string; seq: number }
  | { event: 'failed'; clientId: string; failure: string }
  | { event: 'stopped'; room: string; failure: string }
  | { event: 'ended'; failure: string }

/** What it is told. */
export type JudgeCommand =
  | { do: 'connect'; url: string; token: string }
  | { do: 'follow'; room: string; after: string }
  | { do: 'send'; room: string; text: string; clientId: string }
  | { do: 'close' }

/** The client's program, which takes commands and reports events in lines of JSON. */
export interface JudgedClient {
  events: ClientEvent[]
  tell(command: JudgeCommand): void
  /** Waits for an event that fits. @throws {RuleBroken} */
  until(what: string, fits: (event: ClientEvent) => boolean, withinMs?: number): Promise<void>
  /** The ids of a room's events, in the order in which they were reported. */
  idsOf(room: string): string[]
  /** Resolves with its exit code. */
  ended: Promise<number | null>
  kill(): Promise<void>
}

/** How long a client that was told to close may take, before it is killed. */
const exitMs = 2_000

export function startJudgedClient(command: string): JudgedClient {
  // A group of its own, so that a program behind the shell is ended with it.
  const child = spawn(command, { shell: true, detached: true, stdio: ['pipe', 'pipe', 'inherit'] })
  const events: ClientEvent[] = []
  let broken: string | null = null
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', resolve)
    child.once('error', () => resolve(null))
  })
  child.stdin.on('error', () => {})
  createInterface({ input: child.stdout }).on('line', (line) => {
    try {
      events.push(JSON.parse(line) as ClientEvent)
    } catch {
      broken = `the client printed something that is not JSON: ${line.slice(0, 200)}`
    }
  })
  return {
    events,
    ended,
    tell: (told) => void child.stdin.write(`${JSON.stringify(told)}\n`),
    until: (what, fits, withinMs = 10_000) =>
      waitFor(
        what,
        () => {
          if (broken) throw new RuleBroken(broken)
          return events.some(fits)
        },
        withinMs,
      ),
    idsOf: (room) => events.flatMap((each) => (each.event === 'message' && each.room === room ? [each.id] : [])),
    kill: async () => {
      child.stdin.end('{"do":"close"}\n')
      const timer = setTimeout(() => {
        try {
          process.kill(-(child.pid ?? 0), 'SIGKILL')
        } catch {
          // It is gone already.
        }
      }, exitMs)
      await ended
      clearTimeout(timer)
    },
  }
}
