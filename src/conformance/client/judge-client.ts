import { checkRules, type Verdict } from '../rules'
import { clientConnectionRules } from './connection-rules'
import { clientMessageRules } from './message-rules'
import { setClientStage } from './stage'

/** How many rules are checked at the same time: most of their time is spent waiting. */
const together = 6

/**
 * Judges a client in any language.
 * @param command starts it; docs/conformance.md says what it must understand
 * @param report is called with each verdict as soon as it is known
 * @param only a part of the names of the rules to check
 */
export function judgeClient(command: string, report: (verdict: Verdict) => void, only = ''): Promise<Verdict[]> {
  const rules = [...clientConnectionRules, ...clientMessageRules].filter(({ name }) => name.includes(only))
  return checkRules(rules, () => setClientStage(command), report, together)
}
