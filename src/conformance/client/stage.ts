import { expectTrue, pauseFor, RuleBroken } from '../rules'
import { type JudgedClient, startJudgedClient } from './judged-client'
import { judgedToken, type Script, type ScriptedConnection, type ScriptedServer, startScriptedServer } from './scripted-server'

export const room = 'the-room'

/** A server and a client of its own for each rule. */
export interface ClientStage {
  server: ScriptedServer
  client: JudgedClient
  /** Sets the script and lets the client connect. @returns its first connection, signed in */
  connect(script?: Script): Promise<ScriptedConnection>
  /** The same, and the client follows the room from an event id. */
  follow(script?: Script, after?: string): Promise<ScriptedConnection>
  /** Waits until the client has reported the events of the room up to this id. Each once, in order. */
  reported(lastId: number, withinMs?: number): Promise<void>
  /** Waits, and checks that the client has not come back meanwhile. */
  staysAway(ms: number): Promise<void>
}

export async function setClientStage(command: string): Promise<{ stage: ClientStage; end(): Promise<void> }> {
  const server = await startScriptedServer()
  const client = startJudgedClient(command)
  const connect = async (script: Script = {}) => {
    server.script = script
    client.tell({ do: 'connect', url: server.url, token: judgedToken })
    const gone = client.ended.then((code): never => {
      throw new RuleBroken(`expected the client to connect, but its program ended with ${code}`)
    })
    // A first start may be slow.
    return Promise.race([server.connected(1, 20_000), gone])
  }
  const stage: ClientStage = {
    server,
    client,
    connect,
    follow: async (script, after = '0') => {
      const connection = await connect(script)
      client.tell({ do: 'follow', room, after })
      await server.followed(connection, room)
      return connection
    },
    reported: async (lastId, withinMs = 10_000) => {
      await client.until(`event ${lastId} to be reported`, (each) => each.event === 'message' && each.id === String(lastId), withinMs)
      const ids = client.idsOf(room).map(Number)
      const first = ids[0] ?? 0
      const inOrder = ids.every((id, index) => id === first + index)
      expectTrue('each event to be reported once, in order', inOrder && ids.at(-1) === lastId, ids)
    },
    staysAway: async (ms) => {
      const before = server.attempts.length
      await pauseFor(ms)
      expectTrue('the client not to come back', server.attempts.length === before, `${server.attempts.length - before} attempts`)
    },
  }
  return {
    stage,
    end: async () => {
      await client.kill()
      await server.stop()
    },
  }
}
