import { parentPort } from 'node:worker_threads'
import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common'

// Runs in a thread of its own: see password-strength.ts.

/** The most common passwords, sorted by frequency. Nearly half of them have eight characters and more. */
const commonPasswords = dictionary['passwords-common'].slice(0, 30_000)

export interface ScoreRequest {
  id: number
  password: string
  /** What somebody who knows the person would try first. */
  known: readonly string[]
}

export interface ScoreAnswer {
  id: number
  /** How many guesses it takes, as a power of ten. */
  guessesLog10: number
  /** What is wrong with it, as zxcvbn names it; null when it has no name. */
  warning: string | null
}

const scorer = new ZxcvbnFactory({
  dictionary: { 'passwords-common': commonPasswords },
  graphs: adjacencyGraphs,
  // Undoing 4, @ and the like takes a second and more with the usual limit, for a password made for that.
  l33tMaxSubstitutions: 20,
})

parentPort?.on('message', ({ id, password, known }: ScoreRequest) => {
  const { guessesLog10, feedback } = scorer.check(password, [...known])
  parentPort?.postMessage({ id, guessesLog10, warning: feedback.warning } satisfies ScoreAnswer)
})
