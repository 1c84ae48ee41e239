import { Failure } from '../../contract/failures'

export interface Logo {
  bytes: Buffer
  type: string
}

const maxBytes = 96 * 1024
const dataUrl = /^data:([a-z]+\/[a-z]+);base64,([A-Za-z0-9+/]+={0,2})$/

/** @throws {Failure} BAD_REQUEST when it is not a PNG, JPEG or WebP image, or too big */
export function parseLogo(url: string): Logo {
  const [, type, base64] = dataUrl.exec(url) ?? []
  const bytes = Buffer.from(base64 ?? '', 'base64')
  if (bytes.length > maxBytes) throw refusedLogo(`must have at most ${maxBytes / 1024} KiB`)
  // What it says of itself does not count: browsers look at its first bytes too.
  if (!type || typeOf(bytes) !== type) throw refusedLogo('must be a PNG, JPEG or WebP image')
  return { bytes, type }
}

function typeOf(bytes: Buffer): string | null {
  if (bytes.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex'))) return 'image/png'
  if (bytes.subarray(0, 3).equals(Buffer.from('ffd8ff', 'hex'))) return 'image/jpeg'
  if (bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP') return 'image/webp'
  return null
}

const refusedLogo = (why: string) => new Failure('BAD_REQUEST', { fields: { logo: why } })
