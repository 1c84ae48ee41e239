import type { inferRouterOutputs } from '@trpc/server'
import type { z } from 'zod'
import type { RightName } from '../../contract/rights'
import type { AppRouter } from '../../server/router'
import type { PresentConnection, TestAccount, World } from './world'

/** A call, and who makes it. */
export interface TestCall {
  world: World
  account: TestAccount
  path: RightName
  /** The connection's id, as `Message.uid` has it. */
  uid: string
  sessionId: string
  /** When the session ends, in milliseconds since the epoch. */
  expiresAt: number
  connection: PresentConnection
}

export interface TestProcedure<Output> {
  type: 'query' | 'mutation'
  input: z.ZodType
  /** @param input as `input` has parsed it */
  run(call: TestCall, input: unknown): Output
}

/** Where the events of a subscription go. */
export interface EventSink<Event> {
  /** @param id for events that a subscription can be resumed after */
  send(event: Event, id?: string): void
  /** Ends the subscription. */
  fail(error: unknown): void
}

export interface TestStream {
  type: 'subscription'
  input: z.ZodType
  /** Called when the client has been told that it has started. @returns a function that stops it */
  open(call: TestCall, input: unknown, sink: EventSink<unknown>): () => void
  /** Checks what can be checked before. @throws {Failure} */
  check(call: TestCall, input: unknown): void
}

type Outputs = inferRouterOutputs<AppRouter>

/** The procedures of a group, with the outputs that the real ones have. */
export type TestProcedures<Group extends keyof Outputs> = {
  [Name in keyof Outputs[Group]]?: Outputs[Group][Name] extends AsyncIterable<unknown> ? TestStream : TestProcedure<Outputs[Group][Name]>
}

export const query = <Schema extends z.ZodType, Output>(
  input: Schema,
  run: (call: TestCall, input: z.output<Schema>) => Output,
): TestProcedure<Output> => ({ type: 'query', input, run: (call, parsed) => run(call, parsed as z.output<Schema>) })

export const mutation = <Schema extends z.ZodType, Output>(
  input: Schema,
  run: (call: TestCall, input: z.output<Schema>) => Output,
): TestProcedure<Output> => ({ type: 'mutation', input, run: (call, parsed) => run(call, parsed as z.output<Schema>) })

export const stream = <Schema extends z.ZodType, Event>(
  input: Schema,
  {
    check = () => {},
    open,
  }: {
    check?: (call: TestCall, input: z.output<Schema>) => void
    open: (call: TestCall, input: z.output<Schema>, sink: EventSink<Event>) => () => void
  },
): TestStream => ({
  type: 'subscription',
  input,
  check: (call, parsed) => check(call, parsed as z.output<Schema>),
  open: (call, parsed, sink) => open(call, parsed as z.output<Schema>, sink),
})
