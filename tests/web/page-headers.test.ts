import { describe, expect, it } from 'vitest'
import { pageHeaders } from '../../src/web-server/page-headers'

const page = {
  nonce: 'bm9uY2U=',
  dev: false,
  secure: true,
  styleHashes: ["'sha256-aGFzaA=='"],
  realtimeUrls: ['wss://chat.example.org/trpc'],
}

const directives = (policy: string) =>
  new Map(
    policy
      .split('; ')
      .map((directive) => directive.split(' '))
      .map(([name = '', ...sources]) => [name, sources]),
  )

describe('page headers', () => {
  it('policy: nothing inline without the nonce, and nothing from other sites', () => {
    const policy = directives(pageHeaders(page)['content-security-policy'])
    expect(policy.get('script-src')).toEqual(["'self'", "'nonce-bm9uY2U='", "'strict-dynamic'"])
    expect(policy.get('style-src')).toEqual(["'self'", "'nonce-bm9uY2U='", "'sha256-aGFzaA=='"])
    expect(policy.get('connect-src')).toEqual(["'self'", 'wss://chat.example.org', 'https://chat.example.org'])
    for (const sources of policy.values()) {
      for (const source of sources) expect(["'unsafe-inline'", "'unsafe-eval'", '*', 'http:', 'https:']).not.toContain(source)
    }
    for (const directive of ['frame-ancestors', 'object-src', 'base-uri', 'frame-src']) expect(policy.get(directive)).toEqual(["'none'"])
  })

  it('permissions policy: only passkeys and copying, and only for the page itself', () => {
    const allowed = (pageHeaders(page)['permissions-policy'] ?? '').split(', ').filter((each) => !each.endsWith('=()'))
    expect(allowed).toEqual(['clipboard-write=(self)', 'publickey-credentials-create=(self)', 'publickey-credentials-get=(self)'])
    for (const feature of ['camera', 'microphone', 'geolocation', 'payment', 'usb', 'display-capture']) {
      expect(pageHeaders(page)['permissions-policy']).toContain(`${feature}=()`)
    }
  })

  it('HSTS: with subdomains over https, absent over http', () => {
    expect(pageHeaders(page)['strict-transport-security']).toBe('max-age=31536000; includeSubDomains')
    expect(pageHeaders({ ...page, secure: false })).not.toHaveProperty('strict-transport-security')
  })
})
