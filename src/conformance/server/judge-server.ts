import { checkRules, type Verdict } from '../rules'
import { serverConnectionRules } from './connection-rules'
import { httpRules } from './http-rules'
import { serverMessageRules } from './message-rules'
import { type JudgedServer, prepareServerStage } from './stage'
import { streamRules } from './stream-rules'

/**
 * Judges a server, of whatever implementation, from outside. It makes some rooms and messages there.
 * @param report is called with each verdict as soon as it is known
 * @param only a part of the names of the rules to check
 * @throws Error when the server cannot be judged at all, for example because nobody can sign in
 */
export async function judgeServer(server: JudgedServer, report: (verdict: Verdict) => void, only = ''): Promise<Verdict[]> {
  const rules = [...httpRules, ...serverConnectionRules, ...serverMessageRules, ...streamRules].filter(({ name }) => name.includes(only))
  return checkRules(rules, await prepareServerStage(server), report)
}
