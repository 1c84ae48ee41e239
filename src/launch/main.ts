import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ConfigError } from '../server/platform/config'
import { launch } from './launch'
import { LaunchError } from './launch-error'
import { createServices } from './services'

/** One Ctrl-C can arrive twice, from the terminal and from npm: a second signal within this time is the same one. */
const sameSignalMs = 500

// A broken output pipe must not end this process before it has stopped its services.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
const log = (line: string) => void process.stdout.write(`${line}\n`)
const logError = (line: string) => void process.stderr.write(`${line}\n`)

const stop = new AbortController()
let exitCode = 0
let stoppedAt = 0

function stopAll(code: number, reason?: string) {
  if (stop.signal.aborted) return
  if (reason) logError(reason)
  exitCode = code
  stoppedAt = performance.now()
  stop.abort(new Error('stopping'))
}

const services = createServices((what) => stopAll(1, `${what}. Stopping everything.`))

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.on(signal, () => {
    if (!stop.signal.aborted) {
      log('stopping …')
      stopAll(0)
    } else if (performance.now() - stoppedAt > sameSignalMs) {
      void services.kill().then(() => process.exit(code))
    }
  })
}

// npm forwards signals, but if npm itself is killed, no signal arrives here.
if (process.env.npm_lifecycle_event) {
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) stopAll(1, 'npm has ended. Stopping everything.')
  }, 1_000).unref()
}

const envFile = fileURLToPath(new URL('../../.env', import.meta.url))
const stopped = new Promise((resolve) => stop.signal.addEventListener('abort', resolve, { once: true }))

try {
  if (existsSync(envFile)) process.loadEnvFile(envFile)
  const readyLine = await launch({ env: process.env, dev: process.argv.includes('--dev'), log, services, signal: stop.signal })
  log(readyLine)
  await stopped
} catch (error) {
  const expected = error instanceof ConfigError || error instanceof LaunchError
  if (!stop.signal.aborted) stopAll(1, expected ? error.message : error instanceof Error ? error.stack : String(error))
}
await services.close()
process.exit(exitCode)
