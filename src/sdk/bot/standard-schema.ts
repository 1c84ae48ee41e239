/**
 * A schema of any library that follows Standard Schema, version 1: zod, Valibot, ArkType and others.
 * @see https://standardschema.dev
 */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

export type SchemaResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] }

interface SchemaIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** Where and what: "count: must be a number". */
export function describeIssue({ message, path = [] }: SchemaIssue): string {
  const name = path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
  return name === '' ? message : `${name}: ${message}`
}
