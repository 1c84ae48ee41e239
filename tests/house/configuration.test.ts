import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ConfigError, readConfig, requireServices } from '../../src/server/platform/config'
import { createLog } from '../../src/server/platform/log'
import { realtimeUrl } from '../../src/server/platform/realtime-url'

const secret = 'Yk3vQpR8wZ1nTfXc7LbD0mHsJgUe5Ai2oNq9'

describe('configuration', () => {
  it('has a default for everything', () => {
    expect(readConfig({})).toMatchObject({
      webPort: 3000,
      realtimePort: 3001,
      host: '127.0.0.1',
      publicUrl: 'http://localhost:3000',
      allowedOrigins: ['http://localhost:3000', 'http://127.0.0.1:3000'],
      dataDir: '.data',
      logLevel: 'info',
      maxConnectionsPerUser: 20,
      maxConnectionsPerIp: 100,
      maxSubscriptionsPerConnection: 50,
      sendsPerMinute: 120,
      loginsPerMinute: 10,
      registrationsPerHour: 30,
    })
    expect(readConfig({ WEB_PORT: '', LOG_LEVEL: '' })).toEqual(readConfig({}))
  })

  it.each([
    ['WEB_PORT', '70000'],
    ['WEB_PORT', 'http'],
    ['REALTIME_PORT', '-1'],
    ['HOST', 'not a host'],
    ['PUBLIC_URL', 'localhost:3000'],
    ['PUBLIC_URL', 'https://example.com/chat'],
    ['REALTIME_URL', 'http://localhost:3001'],
    ['ALLOWED_ORIGINS', 'https://a.example,nonsense'],
    ['DATABASE_URL', 'mysql://localhost/chat'],
    ['REDIS_URL', 'localhost:6379'],
    ['AUTH_SECRET', 'too short'],
    ['AUTH_SECRET', `${secret},short`],
    ['LOG_LEVEL', 'loud'],
    ['TRUST_PROXY', 'yes'],
    ['SENDS_PER_MINUTE', '-5'],
    ['UPLOADS', 's3'],
    ['REDIS_CLUSTER', '1'],
  ])('rejects %s=%s and names the variable, but not the value', (name, value) => {
    const read = () => readConfig({ [name]: value })
    expect(read).toThrow(ConfigError)
    expect(read).toThrow(`${name}:`)
    if (name === 'AUTH_SECRET') expect(read).not.toThrow(value)
  })

  it('requires AUTH_SECRET with DATABASE_URL, and both services for a server that is started by itself', () => {
    expect(() => readConfig({ DATABASE_URL: 'postgresql://h/db' })).toThrow('AUTH_SECRET')
    expect(() => requireServices(readConfig({}))).toThrow(/DATABASE_URL[\s\S]*REDIS_URL/)
  })

  it('is explained in .env.example, variable by variable', () => {
    const example = readFileSync(fileURLToPath(new URL('../../.env.example', import.meta.url)), 'utf8')
    const documented = [...example.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name ?? '')
    const exampleEnv = Object.fromEntries([...example.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]))
    expect(readConfig(exampleEnv)).toEqual(readConfig({}))
    const source = readFileSync(fileURLToPath(new URL('../../src/server/platform/settings-schema.ts', import.meta.url)), 'utf8')
    const read = [...source.matchAll(/^ {2}([A-Z_]+): (?!notYet)/gm)].map(([, name]) => name ?? '')
    expect(documented.sort()).toEqual(read.sort())
  })

  it('puts the realtime server on the host that the page came from', () => {
    const config = readConfig({})
    expect(realtimeUrl(config)).toBe('ws://localhost:3001/trpc')
    expect(realtimeUrl(config, '127.0.0.1:3000')).toBe('ws://127.0.0.1:3001/trpc')
    expect(realtimeUrl(config, 'evil.example')).toBe('ws://localhost:3001/trpc')
    expect(realtimeUrl(readConfig({ PUBLIC_URL: 'https://chat.example' }))).toBe('wss://chat.example:3001/trpc')
    expect(realtimeUrl(readConfig({ REALTIME_URL: 'wss://rt.example/trpc' }), 'localhost:3000')).toBe('wss://rt.example/trpc')
  })
})

describe('log', () => {
  it('never contains a row that Postgres quotes in an error', () => {
    const program = `import { createLog } from './src/server/platform/log.ts'
      createLog({ logLevel: 'info' }, 'test').error({ err: Object.assign(new Error('violates check'), { code: '23514', detail: 'Failing row contains (what she wrote)' }) }, 'failed')`
    const root = fileURLToPath(new URL('../..', import.meta.url))
    const printed = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      cwd: root,
      encoding: 'utf8',
    })
    expect(printed).toContain('23514')
    expect(printed).not.toContain('what she wrote')
    expect(createLog({ logLevel: 'silent' }, 'test').level).toBe('silent')
  })
})
