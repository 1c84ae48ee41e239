/** The headers of every page: only our own scripts run, no site can frame the app, and links send no referrer to other sites. */
export function pageHeaders(page: {
  nonce: string
  dev: boolean
  secure: boolean
  /** The URLs that the pages may connect to. When no socket opens, the SDK asks there over HTTP for the reason. */
  realtimeUrls: readonly string[]
}): Record<string, string> & { 'content-security-policy': string } {
  const realtime = page.realtimeUrls
    .map((url) => new URL(url))
    .flatMap(({ protocol, host }) => [protocol, protocol.replace('ws', 'http')].map((each) => `${each}//${host}`))
  const policy = {
    'default-src': ["'self'"],
    'script-src': ["'self'", `'nonce-${page.nonce}'`, "'strict-dynamic'", ...(page.dev ? ["'unsafe-eval'"] : [])],
    // React and Radix position elements with style attributes.
    'style-src': ["'self'", "'unsafe-inline'"],
    'img-src': ["'self'", 'data:', 'blob:'],
    'font-src': ["'self'"],
    'connect-src': ["'self'", ...new Set(realtime), ...(page.dev ? ['ws:'] : [])],
    'object-src': ["'none'"],
    'base-uri': ["'none'"],
    'form-action': ["'self'"],
    'frame-ancestors': ["'none'"],
  }
  return {
    'content-security-policy': Object.entries(policy)
      .map(([directive, sources]) => `${directive} ${sources.join(' ')}`)
      .join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'x-frame-options': 'DENY',
    ...(page.secure && { 'strict-transport-security': 'max-age=31536000' }),
  }
}
