import type { BotMessage } from './bot-message'
import { describeIssue, type StandardSchema } from './standard-schema'

type ArgOf<Word extends string> = Word extends `<...${infer Name}>`
  ? { [Key in Name]: string }
  : Word extends `<${infer Name}>`
    ? { [Key in Name]: string }
    : Word extends `[...${infer Name}]`
      ? { [Key in Name]?: string }
      : Word extends `[${infer Name}]`
        ? { [Key in Name]?: string }
        : unknown

/**
 * The arguments in a pattern, by their names.
 * @example CommandArgs<'deploy <service> [version]'> // { service: string; version?: string }
 */
export type CommandArgs<Pattern extends string> = Pattern extends `${infer Word} ${infer Rest}`
  ? ArgOf<Word> & CommandArgs<Rest>
  : ArgOf<Pattern>

/** What a handler returns: a text is the answer. */
export type HandlerAnswer = unknown

export interface BotCommandOptions<Args> {
  /** One line for the list that `!help` shows. */
  description?: string
  /** Checks and converts the arguments, which are text before. What it finds wrong becomes the answer. */
  args?: StandardSchema<Args>
  /** @returns the answer, or nothing */
  run(args: Args, message: BotMessage): HandlerAnswer
}

/** A part of a pattern: a word that is always the same, or an argument. */
type Part = { word: string } | { name: string; isOptional: boolean; takesRest: boolean }

export interface BotCommand {
  pattern: string
  /** The words that it begins with. */
  words: readonly string[]
  args: readonly Extract<Part, { name: string }>[]
  options: BotCommandOptions<unknown>
}

/** @throws Error when the pattern has no word, or an argument that no text could fill */
export function parsePattern(pattern: string, options: BotCommandOptions<unknown>): BotCommand {
  const parts = pattern
    .split(' ')
    .filter((part) => part !== '')
    .map(parsePart)
  const words = parts.flatMap((part) => ('word' in part ? [part.word] : []))
  const args = parts.flatMap((part) => ('name' in part ? [part] : []))
  const isOrdered =
    parts.every((part, index) => 'word' in part === index < words.length) &&
    args.every((arg, index) => (!arg.takesRest || index === args.length - 1) && (arg.isOptional || !args[index - 1]?.isOptional))
  if (words.length === 0 || !isOrdered || new Set(args.map(({ name }) => name)).size < args.length)
    throw new Error(
      `createBot: the command "${pattern}" must be words, then <needed>, then [optional] arguments; only the last may be <...rest>.`,
    )
  return { pattern, words, args, options }
}

function parsePart(text: string): Part {
  const match = /^(?:<(\.\.\.)?([\w-]+)>|\[(\.\.\.)?([\w-]+)\])$/.exec(text)
  if (match) return { name: match[2] ?? match[4] ?? '', isOptional: match[4] !== undefined, takesRest: Boolean(match[1] ?? match[3]) }
  if (/[<>[\]]/.test(text)) throw new Error(`createBot: "${text}" is neither a word nor an argument like <name> or [name].`)
  return { word: text.toLowerCase() }
}

/** @returns the command that the text begins with, the one with most words first, and the text behind its words */
export function findBotCommand(commands: readonly BotCommand[], text: string): { command: BotCommand; rest: string } | null {
  const longestFirst = [...commands].sort((a, b) => b.words.length - a.words.length)
  for (const command of longestFirst) {
    let rest = text
    const isCommand = command.words.every((word) => {
      const [typed = ''] = /^\S*/.exec(rest.trimStart()) ?? []
      rest = rest.trimStart().slice(typed.length)
      return typed.toLowerCase() === word
    })
    if (isCommand) return { command, rest: rest.trim() }
  }
  return null
}

export type ParsedArgs = { args: unknown; problems?: undefined } | { problems: string[] }

/** Splits the text into arguments, "in quotes" where one has spaces, and lets the schema check them. */
export async function parseArgs({ args, options }: BotCommand, text: string): Promise<ParsedArgs> {
  const values: Record<string, string> = {}
  let rest = text
  for (const { name, isOptional, takesRest } of args) {
    if (rest === '') {
      if (isOptional) break
      return { problems: [`${name} is missing`] }
    }
    const typed = takesRest ? rest : (/^(?:"(?:[^"\\]|\\.)*"|\S+)/.exec(rest)?.[0] ?? rest)
    values[name] = takesRest ? rest : unquote(typed)
    rest = rest.slice(typed.length).trimStart()
  }
  if (rest !== '') return { problems: [`"${rest}" is too much`] }
  if (!options.args) return { args: values }
  const result = await options.args['~standard'].validate(values)
  return result.issues ? { problems: result.issues.map(describeIssue) } : { args: result.value }
}

const unquote = (typed: string): string => (/^".*"$/s.test(typed) && typed.length > 1 ? typed.slice(1, -1).replace(/\\(.)/gs, '$1') : typed)

export const describeCommands = (commands: readonly BotCommand[], prefix: string): string =>
  commands.map(({ pattern, options: { description } }) => `- \`${prefix}${pattern}\`${description ? ` ${description}` : ''}`).join('\n')
