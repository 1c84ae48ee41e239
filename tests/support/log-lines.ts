import pino from 'pino'
import type { Log } from '../../src/server/platform/log'

export interface LogLine extends Record<string, unknown> {
  level: number
  msg: string
}

/** A log that keeps the lines of every level. */
export function keepLog(): { log: Log; lines: LogLine[]; from(level: keyof typeof pino.levels.values): LogLine[] } {
  const lines: LogLine[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line)) })
  return { log, lines, from: (level) => lines.filter((line) => line.level >= (pino.levels.values[level] ?? 0)) }
}
