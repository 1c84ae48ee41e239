import * as z from 'zod'
import type { FailureFields } from './failures'

/** For calls without input: unknown keys are refused here too. */
export const noInput = z.strictObject({}).optional()

/** Whether any optional field of an input is given. */
export const hasChange = (change: object): boolean => Object.values(change).some((value) => value !== undefined)

/** What zod found wrong, as one message per field: the first. */
export function fieldsOf(error: z.core.$ZodError): FailureFields {
  const fields: FailureFields = {}
  for (const issue of error.issues) {
    const names = issue.code === 'unrecognized_keys' ? issue.keys.map((name) => [...issue.path, name]) : [issue.path]
    for (const path of names) {
      const name = path.map(String).join('.').slice(0, 100)
      fields[name] ??= issue.code === 'unrecognized_keys' ? 'is unknown' : issue.message
    }
  }
  return fields
}
