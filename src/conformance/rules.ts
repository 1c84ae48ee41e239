import { isDeepStrictEqual } from 'node:util'

/** One line of the contract, and how it is checked. */
export interface Rule<Stage> {
  name: string
  /** @throws {RuleBroken} */
  check(stage: Stage): Promise<void>
}

export interface Verdict {
  name: string
  /** Null when the rule is kept. */
  fault: string | null
}

/** A rule is not kept. */
export class RuleBroken extends Error {
  override readonly name = 'RuleBroken'
}

/** @throws {RuleBroken} saying what was expected and what came */
export function expectThat(what: string, came: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(came, expected)) throw new RuleBroken(`${what}: expected ${show(expected)}, got ${show(came)}`)
}

/** @throws {RuleBroken} */
export function expectTrue(what: string, holds: boolean, came?: unknown): void {
  if (!holds) throw new RuleBroken(came === undefined ? `expected ${what}` : `expected ${what}, got ${show(came)}`)
}

const show = (value: unknown) => {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 400 ? `${text.slice(0, 400)}…` : text
}

/** How long a rule may take before it counts as broken. */
const maxRuleMs = 60_000

/**
 * Checks rules and reports each as soon as it is known.
 * @param together how many at the same time
 */
export async function checkRules<Stage>(
  rules: readonly Rule<Stage>[],
  stageOf: () => Promise<{ stage: Stage; end(): Promise<void> }>,
  report: (verdict: Verdict) => void,
  together = 1,
): Promise<Verdict[]> {
  const waiting = [...rules]
  const verdicts: Verdict[] = []
  const work = async () => {
    for (let rule = waiting.shift(); rule; rule = waiting.shift()) {
      const verdict = { name: rule.name, fault: await findFault(rule, stageOf) }
      verdicts.push(verdict)
      report(verdict)
    }
  }
  await Promise.all(Array.from({ length: together }, work))
  return verdicts
}

async function findFault<Stage>(rule: Rule<Stage>, stageOf: () => Promise<{ stage: Stage; end(): Promise<void> }>): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new RuleBroken(`not done after ${maxRuleMs / 1_000} seconds`)), maxRuleMs)
  })
  const { stage, end } = await stageOf()
  try {
    await Promise.race([rule.check(stage), late])
    return null
  } catch (error) {
    return error instanceof RuleBroken ? error.message : String(error)
  } finally {
    clearTimeout(timer)
    await end()
  }
}

/** A step of waiting that takes longer than this was not waited, but missed: this process was not running. */
const maxStepMs = 200

/** Waits until something is true. @throws {RuleBroken} */
export async function waitFor(what: string, isSo: () => boolean, withinMs: number): Promise<void> {
  for (let waitedMs = 0, at = performance.now(); !isSo(); ) {
    if (waitedMs > withinMs) throw new RuleBroken(`expected ${what} within ${withinMs / 1_000} seconds`)
    await pauseFor(20)
    waitedMs += Math.min(performance.now() - at, maxStepMs)
    at = performance.now()
  }
}

export const pauseFor = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
