import { closeCodes, Failure, type FailureName, reconnectNotice } from '../../contract/failures'
import { fieldsOf } from '../../contract/fields'
import { findServerRefusal, type RightName } from '../../contract/rights'
import { type CallId, errorFrameOf } from './error-frame'
import type { CallFaults } from './faults'
import type { EventSink, TestCall, TestProcedure, TestStream } from './procedure'
import { findProcedure, isProcedure } from './procedures/all'
import type { TestSession } from './sessions'
import type { ServerEnd, ServerSocket } from './test-socket'
import type { PresentConnection, World } from './world'

interface Frame {
  id?: CallId
  method?: string
  params?: { path: string; input?: unknown; lastEventId?: string }
  data?: { token?: string; user?: string }
}

export interface ConnectionHost {
  world: World
  faults: CallFaults
  findSession(token: string): TestSession | null
  onGone(connection: ServerConnection): void
}

/** The code with which a socket is closed for a failure. */
const closesWith: Partial<Record<FailureName, number>> = {
  UNAUTHORIZED: closeCodes.notSignedIn.code,
  ANOTHER_USER: closeCodes.anotherUser.code,
  TOO_MANY_CONNECTIONS: closeCodes.tooManyConnections.code,
  UNAVAILABLE: closeCodes.restarting.code,
}

/** One socket of a client: signs it in, and carries out its calls. */
export class ServerConnection implements ServerEnd, PresentConnection {
  isAway = false
  readonly uid: string
  session: TestSession | null = null
  readonly #host: ConnectionHost
  readonly #socket: ServerSocket
  readonly #streams = new Map<CallId, () => void>()
  #expiry: unknown
  #isRestarting = false

  constructor(host: ConnectionHost, socket: ServerSocket, url: string) {
    this.#host = host
    this.#socket = socket
    this.uid = host.world.makeId()
    // There is no cookie that could sign a client in without parameters.
    if (!url.includes('connectionParams=1')) this.turnAway('UNAUTHORIZED')
  }

  get userId(): string {
    return this.session?.userId ?? ''
  }

  onFrame(frame: string): void {
    if (frame === 'PING') return void this.#socket.send('PONG')
    for (const each of [JSON.parse(frame) as Frame | Frame[]].flat()) if (this.#socket.isOpen()) this.#onCall(each)
  }

  onGone(): void {
    const { world } = this.#host
    for (const stop of this.#streams.values()) stop()
    this.#streams.clear()
    world.clock.clear(this.#expiry)
    this.#host.onGone(this)
    if (!this.session) return
    world.connections.delete(this)
    if (world.presenceOf(this.userId) === 'offline') world.person(this.userId).lastSeenAt = world.clock.now()
    world.publish({ type: 'presence', userId: this.userId })
  }

  /** Says why, then closes. No call is answered: the client is to repeat them. */
  turnAway(failure: FailureName): void {
    if (!this.#socket.isOpen()) return
    this.#socket.send(errorFrameOf(null, new Failure(failure)))
    this.#socket.close(closesWith[failure] ?? closeCodes.restarting.code)
  }

  /** @param code null for a connection that breaks without a word */
  disconnect(code: number | null): void {
    if (code === null) return void this.#socket.cut()
    const failure = Object.entries(closesWith).find(([, each]) => each === code)?.[0] as FailureName | undefined
    if (failure) this.turnAway(failure)
    else this.#socket.close(code)
  }

  /** Asks the client to move to another socket, and closes this one some seconds later. */
  restart(afterMs: number): void {
    if (this.#isRestarting) return
    this.#isRestarting = true
    this.#socket.send(reconnectNotice)
    this.#host.world.clock.setTimeout(() => this.turnAway('UNAVAILABLE'), afterMs)
  }

  #onCall({ id = null, method, params, data }: Frame): void {
    if (method === 'connectionParams') this.#signIn(data ?? {})
    else if (!this.session) this.turnAway('UNAUTHORIZED')
    else if (method === 'subscription.stop') this.#stop(id)
    else if (params && method) this.#run(id, method, params)
  }

  #signIn({ token, user }: { token?: string; user?: string }): void {
    const { world } = this.#host
    const session = token === undefined ? null : this.#host.findSession(token)
    if (!session) return void this.turnAway('UNAUTHORIZED')
    if (user !== undefined && user !== session.userId) return void this.turnAway('ANOTHER_USER')
    this.session = session
    this.#expiry = world.clock.setTimeout(() => this.turnAway('UNAUTHORIZED'), session.expiresAt - world.clock.now())
    world.connections.add(this)
    world.publish({ type: 'presence', userId: session.userId })
  }

  #run(id: CallId, type: string, { path, input, lastEventId }: NonNullable<Frame['params']>): void {
    const { faults, world } = this.#host
    const delayMs = faults.delayOf(path)
    const run = () => {
      if (!this.#socket.isOpen() || !this.session) return
      try {
        const rejected = faults.takeRejection(path)
        if (rejected) throw new Failure(rejected)
        const { call, procedure } = this.#prepare(type, path)
        const parsed = parseInput(procedure, lastEventId === undefined ? input : { ...(input as object), lastEventId })
        if (procedure.type === 'subscription') this.#subscribe(id, call, procedure, parsed)
        else this.#answer(id, path, JSON.stringify({ id, result: { type: 'data', data: procedure.run(call, parsed) } }))
      } catch (error) {
        this.#answer(id, path, errorFrameOf(id, error, path))
      }
    }
    if (delayMs > 0) world.clock.setTimeout(run, delayMs)
    else run()
  }

  /** @throws {Failure} NO_SUCH_PROCEDURE for what the test server does not have, METHOD_NOT_ALLOWED, NOT_ALLOWED */
  #prepare(type: string, path: string): { call: TestCall; procedure: TestProcedure<unknown> | TestStream } {
    const { world } = this.#host
    if (!isProcedure(path)) throw new Failure('NO_SUCH_PROCEDURE')
    const procedure = findProcedure(path)
    if (!procedure) {
      const words = `createTestServer does not implement ${path}. Use server.reject('${path}', …) for its failures, or a real server.`
      throw new Failure('NO_SUCH_PROCEDURE', { words })
    }
    if (procedure.type !== type) throw new Failure('METHOD_NOT_ALLOWED')
    const account = world.person(this.userId)
    const refusal = findServerRefusal(path, account.role)
    if (refusal) throw new Failure(refusal)
    const { id: sessionId = '', expiresAt = 0 } = this.session ?? {}
    return { call: { world, account, path: path as RightName, uid: this.uid, sessionId, expiresAt, connection: this }, procedure }
  }

  #subscribe(id: CallId, call: TestCall, procedure: TestStream, input: unknown): void {
    procedure.check(call, input)
    const send = (frame: string) => this.#socket.send(frame, String(id))
    send(JSON.stringify({ id, result: { type: 'started' } }))
    const sink: EventSink<unknown> = {
      send: (event, eventId) => {
        const data = eventId === undefined ? { data: event } : { id: eventId, data: { id: eventId, data: event } }
        send(JSON.stringify({ id, result: { type: 'data', ...data } }))
      },
      fail: (error) => {
        this.#end(id)
        send(errorFrameOf(id, error, call.path))
      },
    }
    this.#streams.set(id, procedure.open(call, input, sink))
  }

  #stop(id: CallId): void {
    if (!this.#streams.has(id)) return
    this.#end(id)
    this.#socket.send(JSON.stringify({ id, result: { type: 'stopped' } }), String(id))
  }

  #end(id: CallId): void {
    this.#streams.get(id)?.()
    this.#streams.delete(id)
  }

  #answer(id: CallId, path: string, frame: string): void {
    if (!this.#host.faults.dropsAnswer(path)) this.#socket.send(frame, String(id))
  }
}

/** @throws {Failure} BAD_REQUEST */
function parseInput({ input: schema }: TestProcedure<unknown> | TestStream, input: unknown): unknown {
  const parsed = schema.safeParse(input)
  if (!parsed.success) throw new Failure('BAD_REQUEST', { fields: fieldsOf(parsed.error) })
  return parsed.data
}
