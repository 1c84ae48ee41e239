import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import pg from 'pg'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { password } from '../support/people'
import { shareRoomline } from '../support/shared-roomline'
import { type StockClient, until } from '../support/stock-client'
import type { LineFault } from '../support/tcp-proxy'
import { enter } from '../support/whole'
import { type OwnLine, startOwnLine } from './own-line'

const shared = shareRoomline({ losesConnections: true })
const { consoleErrors } = shared
let pool: pg.Pool
/** The owner of every room in this file. */
let cy: StockClient['trpc']
const table: Record<string, string | number>[] = []

beforeAll(async () => {
  pool = new pg.Pool({ connectionString: await findDatabase() })
  cy = (await shared.register('cy')).trpc
  await watchReadMarks()
})
afterAll(async () => {
  await pool?.end()
  const columns = Object.keys(table[0] ?? {})
  const widths = columns.map((column) => Math.max(column.length, ...table.map((row) => String(row[column] ?? '').length)))
  const print = (cells: string[]) => process.stdout.write(`  ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}\n`)
  print(columns)
  for (const row of table) print(columns.map((column) => String(row[column] ?? '')))
})

async function findDatabase(): Promise<string> {
  const read = async (...file: string[]) => (await readFile(path.join(shared.dataDir, ...file), 'utf8')).trim()
  const port = (await read('postgres', 'postmaster.pid')).split('\n')[3]
  return `postgresql://roomline:${await read('postgres-password')}@127.0.0.1:${port}/roomline`
}

/** A read mark that is put back soon moves on again, so each time is recorded. */
async function watchReadMarks() {
  await pool.query(`
    CREATE TABLE marks_put_back (user_id uuid, room_id text);
    CREATE FUNCTION note_mark() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO marks_put_back VALUES (NEW.user_id, NEW.room_id); RETURN NULL; END $$;
    CREATE TRIGGER note_mark AFTER UPDATE ON memberships FOR EACH ROW WHEN (NEW.read_seq < OLD.read_seq) EXECUTE FUNCTION note_mark()`)
}

interface Person {
  username: string
  id: string
}

interface Scene extends AsyncDisposable {
  ada: Person
  bob: Person
  room: string
  context: BrowserContext
  /** Each tab has its own line to the realtime server. */
  lines: Record<'writer' | 'other', OwnLine>
  writer: Page
  other: Page
  /** Usernames of those seen typing in the room. */
  typing: Set<string>
  /** The types of the dialogs that the browser has shown. */
  warnings: string[]
}

let scenes = 0

/** A room with three people, two of whom, Ada and Bob, share a browser with two tabs. */
async function openScene(): Promise<Scene> {
  const number = ++scenes
  const people = await Promise.all(['ada', 'bob'].map((name) => register(`${name}${number}`)))
  const [ada, bob] = people as [Person, Person]
  const created = await cy.rooms.create.mutate({
    name: `Den ${number}`,
    kind: 'private',
    members: people.map(({ username }) => username),
  })
  const room = created.id
  const { seq } = await cy.chat.send.mutate({ room, text: 'welcome' })
  for (const emoji of ['👍', '🎉']) await cy.chat.react.mutate({ room, seq, emoji })
  const typing = new Set<string>()
  const presence = cy.presence.onChange.subscribe(
    { room },
    {
      onData: (event) => {
        for (const username of event.typing) typing.add(username)
      },
    },
  )

  const lines = { writer: await startOwnLine(shared.realtimeUrl), other: await startOwnLine(shared.realtimeUrl) }
  const { context, page: writer } = await shared.open({ bypassCSP: true })
  const other = await context.newPage()
  other.on('pageerror', (error) => consoleErrors.push(String(error)))
  await lines.writer.use(context)
  await lines.other.use(other)
  const warnings: string[] = []
  for (const page of [writer, other]) {
    page.setDefaultTimeout(60_000)
    page.on('dialog', (dialog) => {
      warnings.push(dialog.type())
      void dialog.accept().catch(() => {})
    })
  }
  return {
    ...{ ada, bob, room, context, lines, writer, other, typing, warnings },
    [Symbol.asyncDispose]: async () => {
      presence.unsubscribe()
      await context.close()
      for (const line of Object.values(lines)) await line.close()
    },
  }
}

async function register(username: string): Promise<Person> {
  await enter(shared, 'register', username)
  const { rows } = await pool.query<{ id: string }>('SELECT id FROM users WHERE username = $1', [username])
  return { username, id: rows[0]?.id ?? '' }
}

const roomPath = (room: string) => `/rooms/${room}`
const composer = (page: Page) => page.getByLabel(/^Message Den/)
const messages = (page: Page) => page.getByRole('log')
const account = (page: Page) => page.getByTitle('Your account')

async function goToLogin(page: Page, room: string) {
  await page.goto(`/login?next=${encodeURIComponent(roomPath(room))}`)
}

/** Fills in the sign-in form that the page shows. */
async function signIn(page: Page, { username }: Person) {
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await account(page).getByText(`@${username}`).waitFor()
}

async function signOut(page: Page) {
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForURL('**/login**')
}

/** @returns the username that the page shows, 'login', or null while it loads */
async function ownerOf(page: Page): Promise<string | null> {
  try {
    if (new URL(page.url()).pathname === '/login') return 'login'
    const words = await account(page).innerText({ timeout: 500 })
    return /@(\S+)/.exec(words)?.[1] ?? null
  } catch {
    return null
  }
}

async function write(page: Page, text: string) {
  await composer(page).fill(text)
  await composer(page).press('Enter')
  await messages(page).getByText(text, { exact: true }).waitFor()
}

/** Actions other than sending. Without a connection they wait for one. */
async function actInManyWays(page: Page) {
  await messages(page)
    .getByRole('button', { name: /^thumbs up/ })
    .click()
  await composer(page).press('ArrowUp')
  await page.getByLabel('Edit message').fill('mine, edited')
  await page.getByLabel('Edit message').press('Enter')
  await page.getByLabel('Edit message').press('Escape')
  await composer(page).waitFor()
}

async function actInMenus(page: Page) {
  await page
    .getByRole('button', { name: /^More actions on this message from/ })
    .first()
    .click()
  await page.getByRole('menuitem', { name: 'Mark as unread' }).click()
  await page.getByRole('button', { name: /^More actions for Den/ }).click()
  await page.getByRole('menuitemradio', { name: 'Nothing' }).click()
}

/** Counts what is stored as Bob's in the room although no test does it as Bob. */
async function countStrayActs({ bob, room, typing }: Scene): Promise<number> {
  const count = async (query: string) => Number((await pool.query(query, [room, bob.id])).rows[0].count)
  const counts = await Promise.all([
    count(`SELECT count(*) FROM messages WHERE room_id = $1 AND author_id = $2 AND kind = 'text' AND text NOT LIKE 'Bob %'`),
    count(`SELECT count(*) FROM reactions WHERE room_id = $1 AND user_id = $2 AND emoji <> '🎉'`),
    count('SELECT count(*) FROM marks_put_back WHERE room_id = $1 AND user_id = $2'),
    count(`SELECT count(*) FROM memberships WHERE room_id = $1 AND user_id = $2 AND notify <> 'all'`),
    count('SELECT 1 - count(*) AS count FROM memberships WHERE room_id = $1 AND user_id = $2'),
  ])
  return counts.reduce((sum, one) => sum + one, 0) + (typing.has(bob.username) ? 1 : 0)
}

/** The texts of somebody's messages, in order. */
async function textsOf({ room }: Scene, author: Person): Promise<string[]> {
  const { rows } = await pool.query<{ text: string }>(
    `SELECT text FROM messages WHERE room_id = $1 AND author_id = $2 AND kind = 'text' ORDER BY seq`,
    [room, author.id],
  )
  return rows.map(({ text }) => text)
}

/** The page shows none of these texts, unless they are stored in the room. */
async function expectNothingOf(texts: string[], page: Page, { room }: Scene) {
  await composer(page).waitFor()
  expect(await composer(page).inputValue()).toBe('')
  const stored = new Set(
    (await pool.query<{ text: string }>('SELECT text FROM messages WHERE room_id = $1', [room])).rows.map(({ text }) => text),
  )
  const shown = await page.locator('body').innerText()
  for (const text of texts) if (!stored.has(text)) expect(shown).not.toContain(text)
}

async function untilOwner(page: Page, expected: (owner: string) => boolean): Promise<{ shown: string | null; seenMs: number }> {
  const from = performance.now()
  let shown: string | null = null
  await until(async () => {
    shown = await ownerOf(page)
    return shown !== null && expected(shown)
  }, 45_000)
  return { shown, seenMs: performance.now() - from }
}

type Change = 'out, then Bob' | 'Bob over Ada' | 'Ada anew' | 'Bob, then Ada'
type Outage = 'none' | 'writer' | 'other' | 'swallowed'

const swallow: LineFault = { toServer: { swallow: true }, toClient: { swallow: true } }

function disturb(outage: Outage, { lines }: Scene) {
  if (outage === 'writer') lines.writer.setOnline(false)
  if (outage === 'other') lines.other.setOnline(false)
  if (outage === 'swallowed') lines.writer.setFault(swallow)
}

function mend({ lines }: Scene) {
  for (const line of Object.values(lines)) {
    line.setFault({})
    line.setOnline(true)
  }
}

async function change(page: Page, kind: Change, { ada, bob, room }: Scene) {
  if (kind === 'out, then Bob' || kind === 'Ada anew') {
    await signOut(page)
    await goToLogin(page, room)
    return signIn(page, kind === 'Ada anew' ? ada : bob)
  }
  await signIn(page, bob)
  if (kind === 'Bob over Ada') return
  await signOut(page)
  await goToLogin(page, room)
  await signIn(page, ada)
}

const draft = 'half a thought of Ada'

async function play(kind: Change, outage: Outage, { bobActsFirst = false, inBackground = false, inMenus = false } = {}) {
  await using scene = await openScene()
  const { ada, bob, room, writer, other } = scene
  const endsAsBob = kind === 'out, then Bob' || kind === 'Bob over Ada'
  const isWriterAway = outage !== 'none' && outage !== 'other'
  // The other tab shows a sign-in form or her rooms.
  await goToLogin(other, room)
  await goToLogin(writer, room)
  await signIn(writer, ada)
  await write(writer, 'mine')
  if (kind === 'out, then Bob' || kind === 'Ada anew') {
    await other.goto(roomPath(room))
    await composer(other).waitFor()
  }
  // It has its place: it is stored, and the page knows.
  await messages(writer).locator('[data-seq]').filter({ hasText: 'mine' }).waitFor()

  disturb(outage, scene)
  const said = ['mine', 'Ada writes first', 'Ada writes second']
  if (isWriterAway) await actInManyWays(writer)
  for (const text of said.slice(1)) await write(writer, text)
  await composer(writer).fill(draft)
  if (inBackground) await freeze(writer, 'frozen')
  await change(other, kind, scene)
  if (isWriterAway && !inBackground) {
    // The tab still believes that Ada is signed in: nothing can reach it.
    expect(await ownerOf(writer)).toBe(ada.username)
    // Not earlier: calls wait for a connection for at most 20 s.
    if (inMenus) await actInMenus(writer)
    said.push('Ada writes last')
    await write(writer, 'Ada writes last')
    await composer(writer).fill(draft)
  }
  const bobActs = () =>
    messages(other)
      .getByRole('button', { name: /^party popper/ })
      .click()
  if (endsAsBob && bobActsFirst) await bobActs()
  mend(scene)
  if (inBackground) await freeze(writer, 'active')
  const { shown, seenMs } = await untilOwner(writer, (owner) =>
    endsAsBob ? owner !== ada.username : owner === ada.username || owner === 'login',
  )
  if (endsAsBob) {
    if (shown === bob.username) await expectNothingOf([...said, draft], writer, scene)
    await expectNothingOf([...said, draft], other, scene)
    if (!bobActsFirst) await bobActs()
    expect(await countStrayActs(scene)).toBe(0)
    if (shown === bob.username) {
      await signOut(writer)
      await goToLogin(writer, room)
    }
  }
  if (endsAsBob || shown === 'login') await signIn(writer, ada)
  await until(async () => (await textsOf(scene, ada)).length >= said.length, 30_000).catch(() => {})
  await messages(writer).getByText('Ada writes second', { exact: true }).waitFor()
  // No more than were sent.
  const texts = await textsOf(scene, ada)
  // Her own sign-out deletes the draft, but not what she writes afterwards in a page that cannot know of it.
  const isDraftDeleted = kind === 'out, then Bob' && (!isWriterAway || inBackground)
  const kept = await composer(writer).inputValue()
  table.push({
    change: kind,
    outage: `${outage}${inBackground ? ', frozen' : ''}`,
    'first to act': endsAsBob ? (bobActsFirst ? 'Bob' : 'Ada') : '',
    'seen after s': (seenMs / 1_000).toFixed(1),
    shows: shown === 'login' ? 'sign-in' : shown === bob.username ? 'Bob' : 'Ada',
    "under another's name": await countStrayActs(scene),
    lost: said.filter((text) => !texts.includes(text)).length,
    'sent twice': texts.length - new Set(texts).size,
    draft: kept === draft ? 'kept' : isDraftDeleted ? 'deleted' : 'lost',
  })
  expect(await countStrayActs(scene)).toBe(0)
  expect(texts.map((text) => (text === 'mine, edited' ? 'mine' : text))).toEqual(said)
  expect(kept).toBe(isDraftDeleted ? '' : draft)
  expect(scene.warnings).toEqual([])
}

/** Freezes a tab, as browsers do with tabs in the background. */
async function freeze(page: Page, state: 'frozen' | 'active') {
  const session = await page.context().newCDPSession(page)
  await session.send('Page.setWebLifecycleState', { state })
  await session.detach()
}

describe('Ada’s page, when the session in another tab changes', () => {
  const inMenus = true
  const bobActsFirst = true
  it.concurrent('page cut off: she signs out there and Bob signs in', () => play('out, then Bob', 'writer', { inMenus }))
  it.concurrent('page cut off: Bob signs in over her', () => play('Bob over Ada', 'writer', { inMenus, bobActsFirst }))
  it.concurrent('page cut off: she signs out and in again', () => play('Ada anew', 'writer'))
  it.concurrent('page cut off: Bob signs in and out, then Ada signs in', () => play('Bob, then Ada', 'writer', { inMenus }))
  it.concurrent('page cut off and frozen in the background: Bob signs in', () => play('out, then Bob', 'writer', { inBackground: true }))
  it.concurrent('page connected: she signs out there and Bob signs in', () => play('out, then Bob', 'none', { bobActsFirst }))
  it.concurrent('page connected: Bob signs in over her', () => play('Bob over Ada', 'none'))
  it.concurrent('page connected: Bob signs in and out, then Ada signs in', () => play('Bob, then Ada', 'none'))
  it.concurrent('page connected, Bob’s tab cut off: Bob signs in over her', () => play('Bob over Ada', 'other'))
  it.concurrent('page on a line that swallows everything: Bob signs in over her', () => play('Bob over Ada', 'swallowed', { bobActsFirst }))
})

/** Ada is in the writer's tab with an unsent message. In the other tab Bob has signed in, or has yet to. */
async function openCutOff({ isBobIn }: { isBobIn: boolean }): Promise<Scene> {
  const scene = await openScene()
  const { writer, other, ada, bob, room } = scene
  await goToLogin(other, room)
  await goToLogin(writer, room)
  await signIn(writer, ada)
  await composer(writer).waitFor()
  scene.lines.writer.setOnline(false)
  await write(writer, 'Ada writes first')
  await composer(writer).fill(draft)
  if (isBobIn) await signIn(other, bob)
  return scene
}

const isBobs = async ({ context, bob }: Scene) => {
  const response = await context.request.get('/api/session')
  return response.ok() && (await response.json()).user.id === bob.id
}

const backInTime = (page: Page) => page.evaluate(() => void setTimeout(() => history.back()))

describe('a page, after somebody else signed in in the same browser', () => {
  it.concurrent('its sign-out button signs nobody else out, and the page becomes theirs', async () => {
    await using scene = await openCutOff({ isBobIn: true })
    const { writer, other, bob } = scene
    await writer.getByRole('button', { name: 'Sign out' }).click()
    await untilOwner(writer, (owner) => owner === bob.username)
    expect(await isBobs(scene)).toBe(true)
    mend(scene)
    await expectNothingOf(['Ada writes first', draft], other, scene)
    expect(await ownerOf(other)).toBe(bob.username)
    // The browser asked before leaving, because a message was unsent.
    expect(scene.warnings).toEqual(['beforeunload'])
    expect(await countStrayActs(scene)).toBe(0)
  })

  it.concurrent('becomes theirs, although its person chose to stay when asked whether to leave', async () => {
    await using scene = await openCutOff({ isBobIn: false })
    const { writer, other, ada, bob, room } = scene
    writer.removeAllListeners('dialog')
    const asked = writer.waitForEvent('dialog')
    const clicked = writer.getByRole('button', { name: 'Sign out' }).click({ noWaitAfter: true })
    await (await asked).dismiss()
    await clicked
    expect(await ownerOf(writer)).toBe(ada.username)
    await signIn(other, bob)
    mend(scene)
    await untilOwner(writer, (owner) => owner === bob.username)
    expect(await countStrayActs(scene)).toBe(0)
    await signOut(writer)
    await goToLogin(writer, room)
    await signIn(writer, ada)
    await until(async () => (await textsOf(scene, ada)).length > 0)
    expect(await textsOf(scene, ada)).toEqual(['Ada writes first'])
    expect(await composer(writer).inputValue()).toBe(draft)
  })

  it.concurrent('shows nothing of its person when somebody goes back to it', async () => {
    await using scene = await openScene()
    const { writer, other, ada, bob, room } = scene
    await goToLogin(other, room)
    await goToLogin(writer, room)
    await signIn(writer, ada)
    await write(writer, 'mine')
    await composer(writer).fill(draft)
    await writer.goto('/register')
    await signIn(other, bob)
    await backInTime(writer)
    await writer.waitForURL(`**${roomPath(room)}`)
    await untilOwner(writer, (owner) => owner !== ada.username)
    await expectNothingOf([draft], writer, scene)
    expect(await countStrayActs(scene)).toBe(0)
    await signOut(writer)
    await goToLogin(writer, room)
    await signIn(writer, ada)
    expect(await composer(writer).inputValue()).toBe(draft)
  })

  it.concurrent('asks for a sign-in when somebody goes back to it after signing out', async () => {
    await using scene = await openScene()
    const { writer, ada, room } = scene
    await goToLogin(writer, room)
    await signIn(writer, ada)
    await write(writer, 'mine')
    await signOut(writer)
    await backInTime(writer)
    await untilOwner(writer, (owner) => owner === 'login')
    expect(await messages(writer).count()).toBe(0)
  })

  it.concurrent('shows nothing of its person, who deleted the account in another tab', async () => {
    await using scene = await openCutOff({ isBobIn: false })
    const { writer, other, ada, bob, room, context } = scene
    await other.goto(roomPath(room))
    await account(other).click()
    await other.getByRole('tab', { name: 'Delete' }).click()
    await other.getByLabel('Your password').fill(password)
    await other.getByRole('button', { name: 'Delete my account' }).click()
    await other.waitForURL('**/login')
    // What makes the browser a known device names nobody, and neither does the time zone.
    await until(async () => isDeepStrictEqual((await context.cookies()).map(({ name }) => name).sort(), ['X-Device', 'time-zone']))
    await goToLogin(other, room)
    await signIn(other, bob)
    mend(scene)
    await untilOwner(writer, (owner) => owner !== ada.username)
    await expectNothingOf([draft], other, scene)
    expect(await countStrayActs(scene)).toBe(0)
  })

  it.concurrent('does not leave a room or accept an invitation in their name', async () => {
    await using scene = await openCutOff({ isBobIn: false })
    const { writer, other, ada, bob, room, context } = scene
    const { id: garden } = await cy.rooms.create.mutate({ name: `Garden ${room}`, kind: 'private' })
    const { token } = await cy.rooms.createInvite.mutate({ room: garden })
    scene.lines.writer.setOnline(true)
    const third = await context.newPage()
    await third.goto(`/invite/${token}`)
    await third.getByRole('button', { name: 'Accept' }).waitFor()
    scene.lines.writer.setOnline(false)
    await writer.getByRole('button', { name: /^More actions for Den/ }).click()
    await writer.getByRole('menuitem', { name: 'Leave room' }).click()
    await writer.getByRole('button', { name: 'Leave room' }).click()
    await third.getByRole('button', { name: 'Accept' }).click()
    await signIn(other, bob)
    mend(scene)
    await untilOwner(writer, (owner) => owner !== ada.username)
    // The page shows the invitation to Bob, who has not accepted it.
    await third.getByRole('button', { name: 'Accept' }).and(third.locator(':not([disabled])')).waitFor()
    const { rows } = await pool.query('SELECT user_id FROM memberships WHERE room_id = $1', [garden])
    expect(rows).toHaveLength(1)
    expect(await countStrayActs(scene)).toBe(0)
  })

  it('no errors in the browser console', () => {
    expect(consoleErrors).toEqual([])
  })
})
