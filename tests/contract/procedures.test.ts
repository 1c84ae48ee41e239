import type { inferRouterOutputs } from '@trpc/server'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { type ProcedurePath, procedureContracts } from '../../src/contract/procedures'
import type { RightName } from '../../src/contract/rights'
import { type AppRouter, appRouter } from '../../src/server/router'

const procedures = appRouter._def.procedures as unknown as Record<string, { _def: { type: string; inputs: unknown[] } }>

describe('the contracts of procedures', () => {
  it('contracts: every procedure has one, of its type and with its input', () => {
    expect(Object.keys(procedureContracts).sort()).toEqual(Object.keys(procedures).sort())
    for (const [path, { type, input }] of Object.entries(procedureContracts)) {
      expect([path, procedures[path]?._def.type]).toEqual([path, type])
      expect(procedures[path]?._def.inputs, path).toEqual([input])
      expect(procedures[path]?._def.inputs[0], path).toBe(input)
    }
  })

  it('contracts: their answers have the types that the router answers with', () => {
    // Checked by tsc, which names the procedures whose shape differs from what the server answers.
    const differing: [keyof Differing] extends [never] ? 'none' : keyof Differing = 'none'
    expect(differing).toBe('none')
  })
})

type Outputs = inferRouterOutputs<AppRouter>

/** What the server answers; of a subscription, each event. */
type Answer<Path extends RightName> = Path extends `${infer Feature}.${infer Name}`
  ? Feature extends keyof Outputs
    ? Name extends keyof Outputs[Feature]
      ? EventOf<Outputs[Feature][Name]>
      : never
    : never
  : never

type EventOf<Output> =
  Output extends AsyncIterable<infer Event>
    ? Event extends readonly [string, infer Data, ...unknown[]]
      ? { id: string; data: Data }
      : Event
    : Output

/** An optional field that only one side has would otherwise go unnoticed. */
type AllRequired<Value> = Value extends readonly (infer Item)[]
  ? AllRequired<Item>[]
  : Value extends object
    ? { [Key in keyof Value]-?: AllRequired<Exclude<Value[Key], undefined>> }
    : Value

type Matches<Shape, Given> = [AllRequired<Shape>] extends [AllRequired<Given>]
  ? [AllRequired<Given>] extends [AllRequired<Shape>]
    ? unknown
    : ['the server answers more, or something else', Given, Shape]
  : ['the shape allows more, or something else', Shape, Given]

type Differing = {
  [Path in RightName as unknown extends Matches<Contracted<Path>, Answer<Path>> ? never : Path]: Matches<Contracted<Path>, Answer<Path>>
}

type Contracted<Path extends RightName> = Path extends ProcedurePath ? z.output<(typeof procedureContracts)[Path]['output']> : never
