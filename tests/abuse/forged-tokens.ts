import { createHmac, generateKeyPairSync, randomUUID, sign as signWith } from 'node:crypto'

/** A token that was really issued, the secret that signed it, and another person's. */
export interface Issued {
  token: string
  others: string
  secret: string
}

type Json = Record<string, unknown>

const encode = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const hmac = (algorithm: 'sha256' | 'sha384' | 'sha512', secret: string | Buffer, input: string) =>
  createHmac(algorithm, secret).update(input).digest('base64url')

/**
 * Tokens that nobody may get in with. The first group can be made by anybody, the second needs a key of one's own, the third
 * is signed with the server's secret and wrong in its claims.
 */
export function forgeTokens({ token, others, secret }: Issued): Record<string, string> {
  const [head = '', body = '', signature = ''] = token.split('.')
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Json
  const otherClaims = JSON.parse(Buffer.from(others.split('.')[1] ?? '', 'base64url').toString()) as Json
  const { exp: _exp, ...withoutExp } = claims
  const { sub: _sub, ...withoutSub } = claims
  const { sid: _sid, ...withoutSid } = claims
  const now = Math.floor(Date.now() / 1000)

  const unsigned = (header: Json, end = '') => `${encode(header)}.${body}.${end}`
  /** Signed with HMAC and SHA-256, whatever its header says. */
  const signed = (payload: unknown, header: Json = { alg: 'HS256' }, key: string | Buffer = secret) => {
    const input = `${encode(header)}.${encode(payload)}`
    return `${input}.${hmac('sha256', key, input)}`
  }
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const ed = generateKeyPairSync('ed25519')
  const asymmetric = (header: Json, key: Parameters<typeof signWith>[2], algorithm: string | null) => {
    const input = `${encode(header)}.${body}`
    return `${input}.${signWith(algorithm, Buffer.from(input), key).toString('base64url')}`
  }
  const jwkOf = (pair: { publicKey: typeof rsa.publicKey }) => pair.publicKey.export({ format: 'jwk' })
  const flipped = (text: string, at: number) => `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`

  return {
    'nothing at all': '',
    'a word': 'token',
    'two dots': '..',
    'three dots': '...',
    'null bytes': '%00%00.%00.%00',
    'JSON instead of a token': encode(claims),
    'the claims without a signature': `${head}.${body}`,
    'an empty signature': `${head}.${body}.`,
    'the signature cut short': token.slice(0, -2),
    'one character of the signature changed': `${head}.${body}.${flipped(signature, 5)}`,
    'one character of the claims changed': `${head}.${flipped(body, 12)}.${signature}`,
    "another person's claims with one's own signature": `${head}.${others.split('.')[1]}.${signature}`,
    'a part more': `${token}.${signature}`,
    'five parts, as if encrypted': `${encode({ alg: 'dir', enc: 'A256GCM' })}..${body}.${body}.${signature}`,
    'padding after the signature': `${token}==`,
    'a space inside': `${head}.${body}.${signature.slice(0, 9)}%20${signature.slice(9)}`,
    'the signature in the other base64': `${head}.${body}.${Buffer.from(signature, 'base64url').toString('base64')}`,
    'the last bits of the signature changed': `${head}.${body}.${sameBytes(signature)}`,
    'two tokens': `${token},${others}`,
    'a token of 8 kB': `${head}.${encode({ ...claims, more: 'x'.repeat(6_000) })}.${signature}`,
    'alg none': unsigned({ alg: 'none' }),
    'alg None': unsigned({ alg: 'None' }),
    'alg NONE with a signature': unsigned({ alg: 'NONE' }, signature),
    'alg nOnE, typ JWT': unsigned({ alg: 'nOnE', typ: 'JWT' }, signature),
    'no alg': signed(claims, {}),
    'alg as a list': signed(claims, { alg: ['HS256'] }),
    'alg in lower case': signed(claims, { alg: 'hs256' }),
    'a header that is no object': `${encode('"HS256"')}.${body}.${signature}`,
    'a header that is no JSON': `${encode('{')}.${body}.${signature}`,

    'another secret': signed(claims, { alg: 'HS256' }, 'x'.repeat(48)),
    'an empty secret': signed(claims, { alg: 'HS256' }, Buffer.alloc(0)),
    'the secret "null"': signed(claims, { alg: 'HS256' }, 'null'),
    'the secret cut to 32 bytes': signed(claims, { alg: 'HS256' }, secret.slice(0, 32)),
    'a key file as kid': signed(claims, { alg: 'HS256', kid: '../../../../dev/null' }, Buffer.alloc(0)),
    'SQL as kid': signed(claims, { alg: 'HS256', kid: "' UNION SELECT 'key' --" }, 'key'),
    'a key of its own as oct': signed(claims, { alg: 'HS256', jwk: { kty: 'oct', k: encode('key') } }, 'key'),
    'RS256 with its own key as jwk': asymmetric({ alg: 'RS256', jwk: jwkOf(rsa) }, rsa.privateKey, 'sha256'),
    'RS256 with its own key at a URL': asymmetric({ alg: 'RS256', jku: 'http://127.0.0.1:9/keys', kid: '1' }, rsa.privateKey, 'sha256'),
    'RS256 with a certificate at a URL': asymmetric({ alg: 'RS256', x5u: 'http://127.0.0.1:9/cert' }, rsa.privateKey, 'sha256'),
    'ES256 with its own key as jwk': asymmetric(
      { alg: 'ES256', jwk: jwkOf(ec) },
      { key: ec.privateKey, dsaEncoding: 'ieee-p1363' } as never,
      'sha256',
    ),
    'EdDSA with its own key as jwk': asymmetric({ alg: 'EdDSA', jwk: jwkOf(ed) }, ed.privateKey, null),
    'ES256 with a signature of zeros': unsigned({ alg: 'ES256' }, Buffer.alloc(64).toString('base64url')),

    'HS384 by the secret': withHash('HS384', 'sha384'),
    'HS512 by the secret': withHash('HS512', 'sha512'),
    'an unknown critical header': signed(claims, { alg: 'HS256', crit: ['later'], later: true }),
    'claims that are not encoded (b64)': signed(claims, { alg: 'HS256', crit: ['b64'], b64: false }),
    'no end': signed(withoutExp),
    'an end in the past': signed({ ...claims, exp: now - 60 }),
    'an end as text': signed({ ...claims, exp: String(claims.exp) }),
    'an end that is null': signed({ ...claims, exp: null }),
    'not valid yet': signed({ ...claims, nbf: now + 3_600 }),
    'an end beyond all dates': signed({ ...claims, exp: 1e300 }),
    'no person': signed(withoutSub),
    'no session': signed(withoutSid),
    "another person with one's own session": signed({ ...claims, sub: otherClaims.sub }),
    "oneself with another person's session": signed({ ...claims, sid: otherClaims.sid }),
    'a session that never was': signed({ ...claims, sid: randomUUID() }),
    'a session that is no id': signed({ ...claims, sid: "' OR true --" }),
    'a session as a list': signed({ ...claims, sid: [claims.sid] }),
    'a session as an object': signed({ ...claims, sid: { toString: claims.sid } }),
    'a person as a list': signed({ ...claims, sub: [claims.sub] }),
    'a username as person': signed({ ...claims, sub: 'admin' }),
    'claims as a list': signed([claims]),
    'claims as text': signed('claims'),
  }

  /** The last character of 43 carries two bits that decoding ignores. */
  function sameBytes(text: string): string {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    return `${text.slice(0, -1)}${alphabet[alphabet.indexOf(text.at(-1) ?? '') ^ 1]}`
  }

  function withHash(alg: string, algorithm: 'sha384' | 'sha512'): string {
    const input = `${encode({ alg })}.${body}`
    return `${input}.${hmac(algorithm, secret, input)}`
  }
}
