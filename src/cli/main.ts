import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Failure } from '../contract/failures'
import { LaunchError } from '../launch/launch-error'
import { ConfigError, readConfig } from '../server/platform/config'
import type { Printed } from './command'
import { commands } from './commands'
import { openOperatorDatabase } from './operator-database'
import { parseGiven, syntaxOf, type Usage, UsageError } from './usage'

const exitCodes = { refused: 1, usage: 2 } as const

// Whoever reads the output may stop reading.
process.stdout.on('error', () => process.exit(0))

async function print({ json, text }: Printed, asJson: boolean): Promise<void> {
  if (!process.stdout.write(`${asJson ? JSON.stringify(json) : text}\n`)) await once(process.stdout, 'drain')
}

const flagLines = ({ flags = {} }: Pick<Usage, 'flags'>) => Object.entries(flags).map(([flag, meaning]) => `      --${flag}: ${meaning}`)

function help(only?: string): string {
  const chosen = Object.entries(commands).filter(([name]) => only === undefined || name === only)
  const lines = chosen.flatMap(([name, command]) => [`  ${syntaxOf(name, command)}`, `      ${command.summary}`, ...flagLines(command)])
  const examples = chosen.map(([, { example }]) => `  npm run admin -- ${example}`)
  return [
    'Usage: npm run admin -- <command> [--json]',
    '',
    ...lines,
    '',
    'With --json, each line of the output is one JSON value. Exit code 0: done; 1: refused or failed; 2: not given as it has to be.',
    '',
    'Examples:',
    ...examples,
  ].join('\n')
}

async function run(argv: string[]): Promise<void> {
  const [name, ...rest] = argv
  if (name === undefined) throw new UsageError('Say what to do: `npm run admin -- --help` lists the commands.')
  if (name === '--help' || name === 'help') return void process.stdout.write(`${help()}\n`)
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) throw new UsageError(`There is no command ${name}: \`npm run admin -- --help\` lists them.`)
  const given = parseGiven(name, command, rest)
  if (given.help) return void process.stdout.write(`${help(name)}\n`)

  // Nothing here is signed, so the secret need not be known.
  const config = readConfig({ ...process.env, AUTH_SECRET: process.env.AUTH_SECRET || randomBytes(48).toString('base64url') })
  const database = await openOperatorDatabase(config)
  try {
    // Nobody is told over Redis: triggers in the database tell the running nodes.
    const silent = { publish: () => {} }
    const parts = { pool: database.pool, server: config, bus: silent, personBus: silent, sessions: { announceRevocation: () => {} } }
    for await (const printed of command.run({ parts, actorId: null, ip: null }, given)) await print(printed, given.json)
  } finally {
    await database.close()
  }
}

/** One line for what a person can put right. */
function explain(error: unknown): { line: string; code: number } {
  if (error instanceof UsageError) return { line: error.message, code: exitCodes.usage }
  if (error instanceof Failure) {
    const fields = Object.entries(error.detail.fields ?? {}).map(([field, why]) => `${field} ${why}`)
    return { line: [error.message, ...fields].join(' '), code: exitCodes.refused }
  }
  if (error instanceof LaunchError || error instanceof ConfigError) return { line: error.message, code: exitCodes.refused }
  const { code, message, stack } = error as Error & { code?: string }
  if (code === '42P01' || code === '42703')
    return { line: 'The database is not up to date. Run `npm run db:migrate` first.', code: exitCodes.refused }
  if (code && /^(E[A-Z]+|[0-9A-Z]{5})$/.test(code))
    return { line: `The database could not be used: ${message || code}`, code: exitCodes.refused }
  return { line: stack ?? message, code: exitCodes.refused }
}

const envFile = fileURLToPath(new URL('../../.env', import.meta.url))
if (existsSync(envFile)) process.loadEnvFile(envFile)
try {
  await run(process.argv.slice(2))
} catch (error) {
  const { line, code } = explain(error)
  process.stderr.write(`${line}\n`)
  process.exitCode = code
}
