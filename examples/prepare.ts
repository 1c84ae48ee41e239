import { readFile } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import { createChat, signIn } from '../src/sdk'
import { OwnWebSocket } from '../src/sdk-package/node-socket'

/** What an example needs of its Roomline, under `needs` in its package.json. */
export interface ExampleNeeds {
  /** The username of a bot of its own. */
  bot?: string
  /** Whether it uses the same Postgres, with a role that may do nothing in Roomline but post. */
  database?: boolean
}

const owner = { username: 'example-owner', password: 'for examples on this machine' }

/** Does once what somebody would do by hand before they start such a program. @returns its environment */
export async function prepareExample(
  roomline: { webUrl: string; realtimeUrl: string; dataDir: string },
  { bot, database = false }: ExampleNeeds,
): Promise<Record<string, string>> {
  return {
    ROOMLINE_URL: roomline.realtimeUrl,
    ROOMLINE_WEB_URL: roomline.webUrl,
    ...(bot !== undefined && { BOT_TOKEN: await createToken(roomline, bot) }),
    ...(database && { DATABASE_URL: await createRole(roomline.dataDir) }),
  }
}

async function createToken({ webUrl, realtimeUrl }: { webUrl: string; realtimeUrl: string }, username: string): Promise<string> {
  await fetch(`${webUrl}/api/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(owner),
  })
  const { token } = await signIn(webUrl, owner)
  await using chat = createChat({ url: realtimeUrl, auth: token, WebSocket: OwnWebSocket })
  const { bots } = await chat.trpc.bots.list.query()
  const isThere = bots.some(({ user }) => user.username === username)
  const made = isThere
    ? await chat.trpc.bots.rotate.mutate({ username })
    : await chat.trpc.bots.create.mutate({ username, displayName: username })
  await using ofBot = createChat({ url: realtimeUrl, auth: made.token, WebSocket: OwnWebSocket })
  await ofBot.rooms.join('general')
  return made.token
}

/** As an operator would: a role, a schema of its own, and leave to post. */
async function createRole(dataDir: string): Promise<string> {
  const read = (file: string) => readFile(path.join(dataDir, file), 'utf8')
  const port = (await read('postgres/postmaster.pid')).split('\n')[3]
  const url = new URL(`postgresql://roomline:${(await read('postgres-password')).trim()}@127.0.0.1:${port}/roomline`)
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  const { rowCount } = await client.query(`SELECT FROM pg_roles WHERE rolname = 'shop'`)
  if (rowCount === 0) await client.query(`CREATE ROLE shop LOGIN PASSWORD 'shop'`)
  await client.query(`
    CREATE SCHEMA IF NOT EXISTS shop AUTHORIZATION shop;
    GRANT USAGE ON SCHEMA roomline TO shop;
    GRANT EXECUTE ON FUNCTION roomline.post TO shop`)
  await client.end()
  url.username = 'shop'
  url.password = 'shop'
  return url.href
}
