import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openDataDir } from '../../src/launch/data-dir'
import { startEmbeddedPostgres } from '../../src/launch/embedded-postgres'
import { makeQuickFolder } from '../support/quick-folder'

const root = fileURLToPath(new URL('../..', import.meta.url))
let dataDir: string
beforeAll(async () => {
  dataDir = await makeQuickFolder('roomline-admin-')
})
afterAll(() => rm(dataDir, { recursive: true, force: true }))

/** What `npm run admin -- …` does, in a process of its own. */
async function admin(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = {
    NODE_ENV: 'production' as const,
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    DATA_DIR: dataDir,
    PUBLIC_URL: 'https://chat.example.com',
  }
  const running = promisify(execFile)(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...args], { cwd: root, env })
  return running.then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    ({ code, stdout, stderr }) => ({ code, out: stdout, err: stderr }),
  )
}
const values = (out: string) =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('npm run admin', () => {
  it('without a server: starts the database for as long as it needs it, and refuses what an admin may not do', async () => {
    const created = await admin('create-person', 'ada', '--role', 'admin', '--json')
    expect(created).toMatchObject({ code: 0, err: '' })
    expect(values(created.out)).toEqual([
      {
        username: 'ada',
        role: 'admin',
        url: expect.stringMatching(/^https:\/\/chat\.example\.com\/reset\/.{32}$/),
        expiresAt: expect.any(String),
      },
    ])
    expect(await admin('disable', 'ada')).toEqual({
      code: 1,
      out: '',
      err: 'The server needs an admin. Make someone else an admin first.\n',
    })
  })

  it('beside a running server: uses its database', async () => {
    const lock = await openDataDir(dataDir)
    const postgres = await startEmbeddedPostgres({ dataDir: lock.path })
    const client = new pg.Client({ connectionString: postgres.url })
    try {
      await client.connect()
      await client.query(`UPDATE rooms SET last_seq = 1200, last_version = 1200 WHERE id = 'general'`)
      await client.query(
        `INSERT INTO messages (room_id, seq, version, author_id, text) SELECT 'general', n, n, u.id, 'message ' || n FROM users u, generate_series(1, 1200) n`,
      )
      const people = await admin('people', '--json')
      expect(values(people.out)).toEqual([expect.objectContaining({ username: 'ada', role: 'admin', hasPassword: false, sessions: 0 })])
      const exported = values((await admin('export-room', 'general')).out)
      expect(exported).toHaveLength(1_200)
      expect(exported.map(({ seq }) => seq)).toEqual(Array.from({ length: 1_200 }, (_, index) => index + 1))
      await client.query(`INSERT INTO authenticators (user_id, sealed_secret, enabled_at) SELECT id, 'sealed', now() FROM users`)
      const countFactors = async () => (await client.query('SELECT FROM authenticators')).rowCount
      expect((await admin('reset-link', 'ada')).out).toMatch(/^https:.*\nIt works once/)
      expect(await countFactors()).toBe(1)
      const removed = await admin('reset-link', 'ada', '--remove-second-factor')
      expect(removed.out).toMatch(/^Two-step sign-in of ada is off, and their passkeys are removed\.\nhttps:/)
      expect(await countFactors()).toBe(0)
      expect((await admin('registration', 'closed')).out).toBe('Registration is closed.\n')
      const { rows } = await client.query(`SELECT action, actor_id FROM audit_log WHERE action LIKE 'admin.%' ORDER BY id`)
      expect(rows.map(({ action, actor_id }) => [action, actor_id])).toEqual(
        [
          ...['admin.personCreated', 'admin.resetLinkMade', 'admin.roomExported', 'admin.resetLinkMade'],
          ...['admin.secondFactorsRemoved', 'admin.resetLinkMade', 'admin.settingsUpdated'],
        ].map((action) => [action, null]),
      )
    } finally {
      await client.end()
      await postgres.close()
      await lock.close()
    }
  })

  it('bad usage: gives one line and the exit code 2', async () => {
    const wrong = [[], ['frobnicate'], ['set-role', 'ada'], ['people', '--colour', 'red']]
    const answers = await Promise.all(wrong.map((args) => admin(...args)))
    expect(answers.map(({ code, out, err }) => [code, out, err.trimEnd().split('\n').length])).toEqual(wrong.map(() => [2, '', 1]))
    const { code, out } = await admin('--help')
    expect(code).toBe(0)
    expect(out).toContain('create-person <username>')
    // Five processes at once, each compiled as it starts.
  }, 90_000)
})
