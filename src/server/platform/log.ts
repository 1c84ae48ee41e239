import pino, { type Logger } from 'pino'
import type { Config } from './config'

export type Log = Logger

/** Logs JSON lines to stdout. Never log secrets or what people wrote: log ids, counts and codes. */
export function createLog(config: Pick<Config, 'logLevel'>, part: string): Log {
  return pino({
    level: config.logLevel,
    base: { part },
    redact: { paths: ['*.password', '*.token', '*.text', 'req.headers', 'headers'], remove: true },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
  })
}

/** Only these fields: other fields of Postgres' errors quote whole rows, and with them what people wrote. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error)
  const { name, message, stack, cause } = error
  return {
    type: name,
    message,
    ...('code' in error && { code: error.code }),
    stack,
    ...(cause !== undefined && { cause: describeError(cause) }),
  }
}
