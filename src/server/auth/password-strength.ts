import { Worker } from 'node:worker_threads'
import { Failure } from '../../contract/failures'
import { countCharacters } from '../../contract/rules'
import { isCommonPassword } from './common-passwords'
import type { Asker } from './fair-queue'
import { inPasswordQueue } from './passwords'

/** Below a million guesses, zxcvbn calls it very guessable. The sign-in throttle leaves a guesser with about 3,000 a day. */
const minGuessesLog10 = 6
/** The time that scoring takes grows faster than the length. One that is good up to here is good as a whole. */
const scoredLength = 32
/** What is left of a password without the names in it must have so many characters. */
const minRest = 6
/** A shorter part of a name is in many words by chance. */
const minKnown = 3

/**
 * @param known what is known of the person: their names, the server's
 * @throws {Failure} BAD_REQUEST that says what is wrong and how to do better; UNAVAILABLE, TOO_MANY_REQUESTS
 */
export async function requireAcceptablePassword(password: string, known: readonly string[], asker: Asker): Promise<void> {
  if (isCommonPassword(password.toLowerCase()))
    throw refused('is too common', 'Several words that have nothing to do with each other make a good one')
  const names = [...new Set(known.flatMap(partsOf))]
  if (isMadeOf(password, names)) throw refused('is too easy to guess', 'Choose one that has nothing to do with your name')
  const { guessesLog10, warning } = await inPasswordQueue(asker, () => score(password.slice(0, scoredLength), names))
  if (guessesLog10 < minGuessesLog10) throw refused('is too easy to guess', advice[warning ?? ''] ?? 'Make it longer, or add a word or two')
}

const refused = (why: string, better: string) => new Failure('BAD_REQUEST', { fields: { password: `${why}. ${better}` } })

/** By zxcvbn's warnings. */
const advice: Record<string, string> = {
  userInputs: 'Choose one that has nothing to do with your name',
  straightRow: 'Avoid rows of keys, such as "qwertz"',
  keyPattern: 'Avoid patterns on the keyboard',
  simpleRepeat: 'Avoid repeating the same characters',
  extendedRepeat: 'Avoid repeating the same characters',
  sequences: 'Avoid sequences, such as "abcd" or "6543"',
  recentYears: 'Avoid years',
  dates: 'Avoid dates',
}

/** A name, its words, and all of it without what is between them. */
function partsOf(name: string): string[] {
  const folded = fold(name)
  const words = folded.split(/[^\p{L}\p{M}\p{N}]+/u)
  return [folded, words.join(''), ...words].filter((part) => countCharacters(part) >= minKnown)
}

/** Whether hardly anything is left of it without these names, forwards, backwards or in disguise. */
function isMadeOf(password: string, names: readonly string[]): boolean {
  let rest = undisguise(fold(password))
  let isNamed = false
  for (const name of [...names].map(undisguise).sort((a, b) => b.length - a.length)) {
    for (const each of [name, [...name].reverse().join('')]) {
      if (!rest.includes(each)) continue
      isNamed = true
      rest = rest.replaceAll(each, '')
    }
  }
  return isNamed && countCharacters(rest) < minRest
}

const fold = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().normalize('NFC')

const disguises: Record<string, string> = {
  '0': 'o',
  '1': 'i',
  '!': 'i',
  '|': 'i',
  l: 'i',
  '3': 'e',
  '4': 'a',
  '@': 'a',
  '5': 's',
  $: 's',
  '7': 't',
  '+': 't',
}
const undisguise = (text: string) => text.replace(/[01!|l34@5$7+]/g, (character) => disguises[character] ?? character)

const idleMs = 60_000
const answerMs = 10_000

/** What password-scoring.mjs is sent. */
interface ScoreRequest {
  id: number
  password: string
  known: readonly string[]
}

interface ScoreAnswer {
  id: number
  /** How many guesses it takes, as a power of ten. */
  guessesLog10: number
  /** What is wrong with it, as zxcvbn names it; null when it has no name. */
  warning: string | null
}

interface Scorer {
  worker: Worker
  waiting: Map<number, { resolve(answer: ScoreAnswer): void; reject(reason: Error): void }>
  idle: NodeJS.Timeout | undefined
}

let scorer: Scorer | null = null
let nextId = 0

/** In a thread of its own, which is loaded when it is needed: a password made for that takes 100 ms, and its word list 40 MB. */
async function score(password: string, known: readonly string[]): Promise<ScoreAnswer> {
  scorer ??= startScorer()
  const { worker, waiting } = scorer
  const mine = scorer
  clearTimeout(mine.idle)
  const id = nextId++
  const timer = setTimeout(() => end(mine, new Error('scoring a password took too long')), answerMs)
  try {
    return await new Promise<ScoreAnswer>((resolve, reject) => {
      waiting.set(id, { resolve, reject })
      worker.postMessage({ id, password, known } satisfies ScoreRequest)
    })
  } catch (cause) {
    throw new Failure('UNAVAILABLE', { cause })
  } finally {
    clearTimeout(timer)
    waiting.delete(id)
    if (waiting.size === 0) mine.idle = setTimeout(() => end(mine, new Error('idle')), idleMs).unref()
  }
}

function startScorer(): Scorer {
  const worker = new Worker(new URL('./password-scoring.mjs', import.meta.url), {
    execArgv: [],
    resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 96 },
  })
  // The process may end while it is idle.
  worker.unref()
  const started: Scorer = { worker, waiting: new Map(), idle: undefined }
  worker.on('message', (answer: ScoreAnswer) => started.waiting.get(answer.id)?.resolve(answer))
  worker.on('error', (error) => end(started, error))
  worker.on('exit', () => end(started, new Error('the thread has ended')))
  return started
}

function end(ended: Scorer, reason: Error): void {
  if (scorer === ended) scorer = null
  clearTimeout(ended.idle)
  for (const { reject } of ended.waiting.values()) reject(reason)
  void ended.worker.terminate()
}
