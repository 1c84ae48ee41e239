import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createOutsidePoster } from '../../src/server/bots/post-outside'
import { placeOf, type ResolveHost, requireAllowedUrl, requirePublicAddresses } from '../../src/server/bots/public-address'

const inside = [
  ...[
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '100.100.100.200',
  ],
  ...['168.63.129.16', '192.0.0.192', '198.18.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255', '192.0.2.1', '192.88.99.1'],
  ...['::', '::1', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:a9fe:a9fe', '::ffff:0:7f00:1', 'fe80::1', 'fd00:ec2::254'],
  ...[
    'fec0::1',
    'ff02::1',
    '64:ff9b::7f00:1',
    '64:ff9b::a9fe:a9fe',
    '2002:7f00:1::',
    '2001:db8::1',
    '2001::1',
    '100::1',
    '100:0:0:1::1',
    '5f00::1',
  ],
]
/** How the same addresses, and some more, can be written in a URL. */
const insideUrls = [
  ...['https://2130706433/', 'https://0x7f000001/', 'https://0x7f.1/', 'https://0177.0.0.1/', 'https://127.1/', 'https://①②⑦.⓪.⓪.①/'],
  ...[
    'https://[::1]/',
    'https://[::ffff:7f00:1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[0:0:0:0:0:ffff:a9fe:a9fe]/',
    'https://[fd00::1]/',
  ],
  ...['https://169.254.169.254/latest/meta-data', 'https://2852039166/', 'https://0xa9fea9fe/', 'https://0251.0376.0251.0376/'],
  ...['https://localhost/', 'https://LOCALHOST./', 'https://app.localhost/', 'https://10.0.0.1:8443/', 'https://100.64.0.1/', 'https://0/'],
]

const servers: Server[] = []
afterEach(() => Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve)))))

async function startServer(answer: (request: IncomingMessage) => { status: number; headers?: Record<string, string>; after?: number }) {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    const { status, headers = {}, after = 0 } = answer(request)
    const timer = setTimeout(() => response.writeHead(status, headers).end('x'.repeat(1_000_000)), after)
    response.on('close', () => clearTimeout(timer))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { requests, port: (server.address() as AddressInfo).port }
}

const resolvesTo =
  (...addresses: string[]): ResolveHost =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))

const noSignal = new AbortController().signal

describe('addresses inside', () => {
  it.each(inside)('%s: is not public', (address) => {
    expect(placeOf(address)).not.toBe('public')
  })

  it.each(['8.8.8.8', '93.184.215.14', '2606:4700::1111', '::ffff:8.8.8.8'])('%s: is public', (address) => {
    expect(placeOf(address)).toBe('public')
  })

  it.each(insideUrls)('%s: is refused, however it is written', (url) => {
    expect(() => requireAllowedUrl(url, { allowsLoopback: false })).toThrow('must be an address on the internet')
  })

  it.each([
    ['http://example.com/', 'must start with https://'],
    ['ftp://example.com/', 'must start with https://'],
    ['https://name:secret@example.com/', 'must not contain a username or password'],
  ])('%s: is refused', (url, words) => {
    expect(() => requireAllowedUrl(url, { allowsLoopback: true })).toThrow(words)
  })

  it.each(inside)('a name that resolves to %s: is refused, also beside a public address', async (address) => {
    const url = new URL('https://hooks.example/')
    for (const resolve of [resolvesTo(address), resolvesTo('8.8.8.8', address)])
      await expect(requirePublicAddresses(url, resolve, { allowsLoopback: false })).rejects.toThrow('must be an address on the internet')
  })

  it('a name that does not exist: gets the same words', async () => {
    const missing: ResolveHost = () => Promise.reject(new Error('ENOTFOUND'))
    const refused = requirePublicAddresses(new URL('https://nowhere.example/'), missing, { allowsLoopback: false })
    await expect(refused).rejects.toThrow('must be an address on the internet')
  })

  it('development: loopback is allowed, over http too, and nothing else inside', async () => {
    const rules = { allowsLoopback: true }
    expect(requireAllowedUrl('http://localhost:8080/in', rules).port).toBe('8080')
    expect(() => requireAllowedUrl('http://10.0.0.1/', rules)).toThrow('internet')
    await expect(requirePublicAddresses(new URL('http://localhost/'), resolvesTo('169.254.169.254'), rules)).rejects.toThrow('internet')
  })
})

describe('a request to an address outside', () => {
  it('a name: is connected to the address that was checked, whatever it resolves to by then', async () => {
    const { requests, port } = await startServer(() => ({ status: 200 }))
    let lookUps = 0
    // It would not exist for Node's own look-up.
    const poster = createOutsidePoster({
      allowsLoopback: true,
      resolve: async () => {
        lookUps++
        return [{ address: '127.0.0.1', family: 4 }]
      },
    })
    expect(await poster.post(`http://hooks.localhost:${port}/in?a=b`, '{}', { 'webhook-id': 'x' }, noSignal)).toBe(200)
    expect(lookUps).toBe(1)
    expect(requests[0]).toMatchObject({ method: 'POST', url: '/in?a=b', headers: { host: `hooks.localhost:${port}`, 'webhook-id': 'x' } })
  })

  it('loopback without leave: nothing is connected to', async () => {
    const { requests, port } = await startServer(() => ({ status: 200 }))
    const poster = createOutsidePoster({ allowsLoopback: false, resolve: resolvesTo('127.0.0.1') })
    for (const url of [`http://127.0.0.1:${port}/`, `https://127.0.0.1:${port}/`, `https://hooks.example:${port}/`])
      await expect(poster.post(url, '{}', {}, noSignal)).rejects.toThrow()
    expect(requests).toEqual([])
  })

  it('a redirect: is not followed', async () => {
    const target = await startServer(() => ({ status: 200 }))
    const { port } = await startServer(() => ({ status: 307, headers: { location: `http://127.0.0.1:${target.port}/secret` } }))
    const poster = createOutsidePoster({ allowsLoopback: true })
    expect(await poster.post(`http://127.0.0.1:${port}/`, '{}', {}, noSignal)).toBe(307)
    expect(target.requests).toEqual([])
  })

  it('an answer that does not come: is given up in time', async () => {
    const { port } = await startServer(() => ({ status: 200, after: 60_000 }))
    const poster = createOutsidePoster({ allowsLoopback: true, timeoutMs: 100 })
    await expect(poster.post(`http://127.0.0.1:${port}/`, '{}', {}, noSignal)).rejects.toMatchObject({
      name: expect.stringMatching(/Timeout|Abort/),
    })
    const hanging = createOutsidePoster({ allowsLoopback: true, timeoutMs: 100, resolve: () => new Promise(() => {}) })
    await expect(hanging.post('https://hooks.example/', '{}', {}, noSignal)).rejects.toMatchObject({ name: 'TimeoutError' })
  })
  it('an answer that switches protocols, or none at all: fails, and does not hang', async () => {
    for (const answer of ['HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n', '']) {
      const server = createTcpServer((socket) => socket.on('error', () => {}).once('data', () => socket.end(answer)))
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const poster = createOutsidePoster({ allowsLoopback: true, timeoutMs: 2_000 })
      await expect(poster.post(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, '{}', {}, noSignal)).rejects.toThrow()
      await new Promise((resolve) => server.close(resolve))
    }
  }, 5_000)
})
