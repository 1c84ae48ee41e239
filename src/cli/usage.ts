import { parseArgs } from 'node:util'
import type { z } from 'zod'

/** The command was not given as it has to be. The message is one line that says how. */
export class UsageError extends Error {
  override name = 'UsageError'
}

export interface Usage {
  /** Names of the arguments, in order; those in brackets can be left out. */
  args: readonly string[]
  /** What each option takes, by its name: a word for it. */
  options?: Record<string, string>
  /** Options without a value: what each does. */
  flags?: Record<string, string>
  summary: string
  example: string
}

export interface Given {
  args: string[]
  options: Record<string, string | undefined>
  flags: ReadonlySet<string>
  json: boolean
  help: boolean
}

/** @throws {UsageError} */
export function parseGiven(name: string, usage: Usage, argv: string[]): Given {
  const { args, options = {}, flags = {} } = usage
  const switches = Object.fromEntries(['json', 'help', ...Object.keys(flags)].map((flag) => [flag, { type: 'boolean' as const }]))
  const named = Object.fromEntries(Object.keys(options).map((option) => [option, { type: 'string' as const }]))
  let parsed: { values: Record<string, string | boolean | undefined>; positionals: string[] }
  try {
    parsed = parseArgs({ args: argv, options: { ...named, ...switches }, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split(/[.\n]/, 1)[0]}. ${describe(name, usage)}`)
  }
  const { json = false, help = false, ...given } = parsed.values
  const least = args.filter((arg) => !arg.startsWith('[')).length
  if (!help && (parsed.positionals.length < least || parsed.positionals.length > args.length))
    throw new UsageError(
      parsed.positionals.length < least
        ? `${name} needs ${args.slice(parsed.positionals.length, least).join(' and ')}. ${describe(name, usage)}`
        : `${name} takes ${args.length === 0 ? 'no arguments' : args.join(' ')}. ${describe(name, usage)}`,
    )
  return {
    args: parsed.positionals,
    options: given as Given['options'],
    flags: new Set(Object.keys(flags).filter((flag) => given[flag] === true)),
    ...{ json: json === true, help: help === true },
  }
}

const describe = (name: string, usage: Usage) => `Usage: npm run admin -- ${syntaxOf(name, usage)}`

/** @example syntaxOf('set-role', …) // "set-role <username> <role>" */
export const syntaxOf = (name: string, { args, options = {}, flags = {} }: Usage): string =>
  [
    name,
    ...args.map((arg) => (arg.startsWith('[') ? arg : `<${arg}>`)),
    ...Object.entries(options).map(([option, word]) => `[--${option} ${word}]`),
    ...Object.keys(flags).map((flag) => `[--${flag}]`),
  ].join(' ')

/** Checks input as the procedures do. @throws {UsageError} */
export function checkInput<Output>(schema: z.ZodType<Output>, input: unknown): Output {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new UsageError(`${issue?.path.join('.') || 'The input'} ${issue?.message ?? 'is not valid'}.`)
}

/** A whole number, or null for the word that stands for no limit. @throws {UsageError} */
export function readNumber(option: string, value: string | undefined, unlimited: string): number | null | undefined {
  if (value === undefined) return undefined
  if (value === unlimited) return null
  if (!/^\d{1,9}$/.test(value)) throw new UsageError(`--${option} must be a whole number or "${unlimited}".`)
  return Number(value)
}
