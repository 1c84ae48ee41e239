import * as z from 'zod'
import { type ProcedureContract, procedureContracts } from './procedures'

/** A JSON Schema, draft 2020-12, or a part of one. */
export interface JsonSchema {
  [keyword: string]: unknown
}

export interface ProcedureSchema {
  type: ProcedureContract['type']
  description: string
  input: JsonSchema
  /** Whether the input may be left out. */
  inputIsOptional: boolean
  /** The answer; of a subscription, each event. */
  output: JsonSchema
}

/** What `GET /api/schemas.json` answers. */
export interface SchemaDocument {
  $schema: string
  title: string
  description: string
  procedures: Record<string, ProcedureSchema>
  $defs: Record<string, JsonSchema>
}

/** JSON Schemas that share their named parts. */
export interface SchemaCollection {
  /** What the server accepts. */
  input(schema: z.ZodType): JsonSchema
  /** What the server answers. It may have more keys in a later version, so unknown ones are allowed. */
  output(schema: z.ZodType): JsonSchema
  /** The named parts of all schemas so far, by name. */
  named: Record<string, JsonSchema>
}

export function createSchemaCollection(): SchemaCollection {
  const named: Record<string, JsonSchema> = {}
  const convert = (schema: z.ZodType, io: 'input' | 'output'): JsonSchema => {
    // Inside of another one, a named schema becomes a reference.
    const { properties: { value } = {}, $defs } = z.toJSONSchema(z.object({ value: schema }), {
      io,
      override: ({ jsonSchema }) => tidy(jsonSchema as JsonSchema, io),
    })
    Object.assign(named, $defs)
    return value as JsonSchema
  }
  return { input: (schema) => convert(schema, 'input'), output: (schema) => convert(schema, 'output'), named }
}

/** The JSON Schema of every procedure's input and answer, and of the events of subscriptions. */
export function describeProcedures(): SchemaDocument {
  const schemas = createSchemaCollection()
  const procedures = Object.entries<ProcedureContract>(procedureContracts).map(([path, { type, about, input, output }]) => [
    path,
    {
      type,
      description: about,
      input: schemas.input(input),
      inputIsOptional: input.safeParse(undefined).success,
      output: schemas.output(output),
    },
  ])
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Roomline: procedures',
    description:
      'The input and the answer of every procedure, and of a subscription each event. docs/protocol.md says how they are called. Ignore keys that you do not know: a later version may add some.',
    procedures: Object.fromEntries(procedures),
    $defs: schemas.named,
  }
}

/** Leaves out what zod adds although it says nothing here. */
function tidy(schema: JsonSchema, io: 'input' | 'output'): void {
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum
  // The pattern of a time is long and says the same.
  if (schema.format === 'date-time' || schema.format === 'date') delete schema.pattern
  if (io === 'output' && schema.additionalProperties === false) delete schema.additionalProperties
}
