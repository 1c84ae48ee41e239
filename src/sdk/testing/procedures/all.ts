import { type RightName, rights } from '../../../contract/rights'
import type { TestProcedure, TestStream } from '../procedure'
import { chatProcedures } from './chat'
import { usersProcedures } from './people'
import { presenceProcedures } from './presence'
import { roomsProcedures } from './rooms'
import { sessionProcedures } from './session'

const groups: Record<string, Record<string, TestProcedure<unknown> | TestStream>> = {
  session: sessionProcedures,
  users: usersProcedures,
  rooms: roomsProcedures,
  chat: chatProcedures,
  presence: presenceProcedures,
}

/** Whether a real server has this procedure. */
export const isProcedure = (path: string): path is RightName => Object.hasOwn(rights, path)

/** Null for what the test server does not have. */
export function findProcedure(path: string): TestProcedure<unknown> | TestStream | null {
  const [group = '', name = ''] = path.split('.')
  const procedures = Object.hasOwn(groups, group) ? groups[group] : undefined
  return (procedures && Object.hasOwn(procedures, name) ? procedures[name] : undefined) ?? null
}
