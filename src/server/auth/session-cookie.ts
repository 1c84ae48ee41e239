const plainName = 'X-Token'
const hostName = '__Host-X-Token'

/** The tokens in a `Cookie` header, under either name. The one that only https can set comes first. */
export function readSessionCookies(header: string | null | undefined): string[] {
  if (!header) return []
  const values = new Map<string, string>()
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=')
    if (at < 1) continue
    const name = pair.slice(0, at).trim()
    if (!values.has(name)) values.set(name, pair.slice(at + 1).trim())
  }
  return [values.get(hostName), values.get(plainName)].filter((value) => value !== undefined)
}

/** `Set-Cookie` for a session. On https, browsers only accept the name's prefix from this host. */
export function sessionCookie(token: string, expiresAt: Date, publicUrl: string): string {
  const maxAgeSeconds = Math.max(0, Math.floor((expiresAt.getTime() - Date.now()) / 1000))
  return serialize(publicUrl, token, maxAgeSeconds)
}

/** `Set-Cookie` that removes the cookie. */
export function clearedSessionCookie(publicUrl: string): string {
  return serialize(publicUrl, '', 0)
}

function serialize(publicUrl: string, value: string, maxAgeSeconds: number): string {
  const secure = publicUrl.startsWith('https:')
  const attributes = `Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
  return `${secure ? hostName : plainName}=${value}; ${attributes}`
}
