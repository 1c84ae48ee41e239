import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { networkOf, parseAddress, readClientAddress, wideNetworkOf } from '../../src/server/platform/client-address'

describe('an address', () => {
  it.each([
    '203.0.113.7',
    ' 203.0.113.7 ',
    '203.0.113.7:443',
    '"203.0.113.7"',
    "'203.0.113.7'",
    '"203.0.113.7:80"',
    '[203.0.113.7]:80',
    '::ffff:203.0.113.7',
    '::FFFF:CB00:7107',
    '[::ffff:203.0.113.7]',
    '"[::ffff:cb00:7107]:443"',
    '0:0:0:0:0:ffff:cb00:7107',
    '0000:0000:0000:0000:0000:ffff:203.0.113.7',
    '::ffff:203.0.113.007',
    '::ffff:203.0.113.7%eth0',
    '203.000.113.007',
    '3405803783',
    '0xCB007107',
    '0xcb.0x0.0x71.0x7',
    '0313.0.0161.07',
    '64:ff9b::cb00:7107',
    '64:ff9b::203.0.113.7',
    '::ffff:0:203.0.113.7',
    '::203.0.113.7',
  ])('%s is 203.0.113.7', (text) => expect(parseAddress(text)).toBe('203.0.113.7'))

  it.each([
    '2001:db8::1',
    '2001:DB8::1',
    '2001:0db8:0000:0000:0000:0000:0000:0001',
    '2001:db8:0:0::1',
    '[2001:db8::1]',
    '[2001:db8::1]:443',
    '"[2001:DB8::1]"',
    '2001:db8::1%eth0',
    '2001:db8::0.0.0.1',
  ])('%s is 2001:db8::1', (text) => expect(parseAddress(text)).toBe('2001:db8::1'))

  it.each([
    '',
    'unknown',
    '_hidden',
    '<script>alert(1)</script>',
    '203.0.113',
    '203.0.113.256',
    '1.2.3.4.5',
    '7',
    '0.0.0.1',
    '203.0.113.7.',
    '203.0.113.7/24',
    '203.0.113.7\0',
    '203.0.113.7:port',
    '２０３.0.113.7',
    '2001:db8::g',
    '2001:db8::1%<x>',
    '[2001:db8::1',
    '1:2:3:4:5:6:7:8:9',
    'for=203.0.113.7',
    'a'.repeat(10_000),
  ])('%s is none', (text) => expect(parseAddress(text)).toBeNull())

  it('that can be read in two ways is none', () => expect(parseAddress('010.0.0.1')).toBeNull())

  it('counts with its network: IPv4 by itself, IPv6 with its /64', () => {
    expect(networkOf('203.0.113.7')).toBe('203.0.113.7')
    expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64')
    expect(networkOf('2001:db8:1:2::9')).toBe('2001:db8:1:2::/64')
    expect(wideNetworkOf('203.0.113.7')).toBe('203.0.113.0/24')
    expect(wideNetworkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1::/48')
    expect(networkOf('unknown')).toBe('unknown')
  })
})

describe('a client’s address', () => {
  const read = (hops: number, forwarded?: string | string[], remoteAddress: string | undefined = '::ffff:192.0.2.1') =>
    readClientAddress({ headers: { 'x-forwarded-for': forwarded }, socket: { remoteAddress } } as unknown as IncomingMessage, hops)

  it('is the socket’s when no proxy is trusted, whatever the header says', () => {
    expect(read(0)).toBe('192.0.2.1')
    expect(read(0, '203.0.113.7')).toBe('192.0.2.1')
  })

  it('is what the outermost trusted proxy added, whatever the client sent', () => {
    expect(read(1, '198.51.100.1, 203.0.113.7')).toBe('203.0.113.7')
    expect(read(2, '198.51.100.1, 203.0.113.7, 10.0.0.2')).toBe('203.0.113.7')
    expect(read(1, ['198.51.100.1', '[2001:DB8::1]:8080'])).toBe('2001:db8::1')
    expect(read(2, '203.0.113.7')).toBe('203.0.113.7')
  })

  it('is the proxy’s own when the proxy added something else', () => {
    expect(read(1, '<script>')).toBe('192.0.2.1')
    expect(read(1, '203.0.113.7, unknown')).toBe('192.0.2.1')
    expect(read(2, '198.51.100.1, <script>, 10.0.0.2')).toBe('10.0.0.2')
    expect(read(1, ',  ,')).toBe('192.0.2.1')
  })

  it('is unknown when the socket is gone', () => {
    const request = { headers: {}, socket: {} } as unknown as IncomingMessage
    expect(readClientAddress(request, 0)).toBe('unknown')
  })
})
