import { randomUUID } from 'node:crypto'
import { RuleBroken } from '../rules'
import { type BareConnection, type OpenOptions, openConnection } from './bare-connection'

export interface JudgedServer {
  webUrl: string
  /** Found with `GET /api/session` when it is not given. */
  realtimeUrl: string | undefined
  /** As NAME:PASSWORD. Two new accounts are made when they are not given. */
  accounts: readonly string[]
}

export interface JudgePerson {
  id: string
  username: string
  password: string
  /** As `name=value`. */
  cookie: string
  token: string
}

/** What all rules for servers share: two people, and a room of theirs. */
export interface ServerStage {
  webUrl: string
  realtimeUrl: string
  ada: JudgePerson
  bob: JudgePerson
  /** A private room that Ada owns and Bob is a member of. */
  room: string
  /** Opens a socket, which is closed when the rule has been checked. @param as signs in with this person's cookie */
  open(as: JudgePerson | null, options?: OpenOptions): Promise<BareConnection>
  /** Signs somebody in once more. */
  signInAgain(person: JudgePerson): Promise<JudgePerson>
  /** A new room of Ada's with Bob in it. */
  makeRoom(): Promise<string>
  fetchWeb(path: string, init?: RequestInit): Promise<Response>
  /** The realtime server over plain HTTP. */
  fetchRealtime(path: string, init?: RequestInit): Promise<Response>
}

const answerTimeoutMs = 20_000

export const postOf = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})

/** @throws Error when the server cannot be judged at all */
export async function prepareServerStage({ webUrl, realtimeUrl: given, accounts }: JudgedServer) {
  const fetchWeb = (path: string, init: RequestInit = {}) =>
    fetch(new URL(path, webUrl), { redirect: 'manual', signal: AbortSignal.timeout(answerTimeoutMs), ...init }).catch((cause: unknown) => {
      throw new Error(`there was no answer from ${webUrl}${path}`, { cause })
    })

  async function enter(route: '/api/login' | '/api/register', username: string, password: string): Promise<JudgePerson> {
    const response = await fetchWeb(route, postOf({ username, password }))
    const cookie = sessionCookieOf(response)
    if (!cookie) throw new Error(`${route} answered ${response.status} for ${username}: ${(await response.text()).slice(0, 300)}`)
    const { user } = (await response.json()) as { user: { id: string; username: string } }
    return { id: user.id, username: user.username, password, cookie, token: cookie.slice(cookie.indexOf('=') + 1) }
  }

  const people = await Promise.all(
    accounts.length >= 2
      ? accounts.slice(0, 2).map((account) => {
          const [name = '', ...password] = account.split(':')
          return enter('/api/login', name, password.join(':'))
        })
      : ['ada', 'bob'].map((name) => enter('/api/register', `judge-${name}-${randomUUID().slice(0, 8)}`, `judging ${randomUUID()}`)),
  )
  const [ada, bob] = people as [JudgePerson, JudgePerson]
  const session = await fetchWeb('/api/session', { headers: { cookie: ada.cookie } })
  const { realtimeUrl = given } = (await session.json().catch(() => ({}))) as { realtimeUrl?: string }
  if (!realtimeUrl) throw new Error('GET /api/session does not tell the realtime server: say where it is with --realtime')
  const url = given ?? realtimeUrl

  const makeRoom = async () => {
    const connection = await openConnection(url, { cookie: ada.cookie })
    try {
      const input = { name: `Judge ${randomUUID().slice(0, 13)}`, kind: 'private', members: [bob.username] }
      const { id } = await connection.must('mutation', 'rooms.create', input)
      return String(id)
    } finally {
      connection.close()
    }
  }
  const room = await makeRoom()

  /** For one rule. */
  return async (): Promise<{ stage: ServerStage; end(): Promise<void> }> => {
    const opened: BareConnection[] = []
    const stage: ServerStage = {
      ...{ webUrl, realtimeUrl: url, ada, bob, room, makeRoom, fetchWeb },
      open: async (as, options = {}) => {
        const connection = await openConnection(url, { ...(as && { cookie: as.cookie }), ...options })
        opened.push(connection)
        return connection
      },
      signInAgain: ({ username, password }) => enter('/api/login', username, password),
      fetchRealtime: (path, init = {}) =>
        fetch(new URL(path, url.replace(/^ws/, 'http')), { signal: AbortSignal.timeout(answerTimeoutMs), ...init }),
    }
    return {
      stage,
      end: async () => {
        for (const connection of opened) connection.close()
      },
    }
  }
}

/** The session's cookie, as `name=value`. */
export function sessionCookieOf(response: Response): string | undefined {
  const [cookie] = response.headers.getSetCookie().flatMap((each) => /^(?:__Host-)?X-Token=[^;]+/.exec(each) ?? [])
  return cookie
}

/** @throws {RuleBroken} when the body is not JSON */
// biome-ignore lint/suspicious/noExplicitAny: the rules say what it must be
export async function jsonOf(response: Response): Promise<any> {
  const text = await response.text()
  try {
    return JSON.parse(text)
  } catch {
    throw new RuleBroken(`expected JSON from ${new URL(response.url).pathname}, got ${text.slice(0, 200)}`)
  }
}
