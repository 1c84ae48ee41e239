// Scores passwords in a thread of its own, see password-strength.ts. In JavaScript, because tsx compiles nothing in threads.
import { parentPort } from 'node:worker_threads'
import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common'

const scorer = new ZxcvbnFactory({
  // Sorted by frequency. Nearly half of them have eight characters and more.
  dictionary: { 'passwords-common': dictionary['passwords-common'].slice(0, 30_000) },
  graphs: adjacencyGraphs,
  // Undoing 4, @ and the like takes a second and more with the usual limit, for a password made for that.
  l33tMaxSubstitutions: 20,
})

parentPort.on('message', ({ id, password, known }) => {
  const { guessesLog10, feedback } = scorer.check(password, known)
  parentPort.postMessage({ id, guessesLog10, warning: feedback.warning })
})
