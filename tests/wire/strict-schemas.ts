import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { isUtcTime } from '../../src/contract/rules'

/** Says what is wrong with a value, by the path of a schema; an empty list when it fits. */
export interface Judge {
  faults(value: unknown): string[]
}

type Part = Record<string, unknown>

/**
 * Judges strictly: the served schemas allow keys that a later version may add, but this version must not answer any that they
 * do not have.
 * @param document with named parts in `$defs` or in `components.schemas`
 */
export function createStrictJudges(document: object): { judge(pointer: string): Judge } {
  const ajv = new Ajv2020({
    strict: true,
    allErrors: true,
    allowUnionTypes: true,
    formats: { 'date-time': isUtcTime, date: true, uuid: true },
  })
  ajv.addVocabulary(['procedures', 'components', 'paths', 'servers', 'info', 'openapi'])
  ajv.addSchema(closed(document) as Part, 'document')
  const compiled = new Map<string, ValidateFunction>()
  return {
    judge: (pointer) => {
      const validate = compiled.get(pointer) ?? ajv.compile({ $ref: `document#${pointer}` })
      compiled.set(pointer, validate)
      return {
        faults: (value) =>
          validate(value)
            ? []
            : (validate.errors ?? []).map(
                ({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
              ),
      }
    },
  }
}

/** The same document, in which an object with known keys has no others. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed)
  if (typeof value !== 'object' || value === null) return value
  const part = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, closed(each)])) as Part
  const isOpenObject = part.type === 'object' && part.properties !== undefined && part.additionalProperties === undefined
  return isOpenObject ? { ...part, additionalProperties: false } : part
}
