/** The headers of every page: nothing runs that we did not write, nothing frames us, nothing leaks to where links lead. */
export function pageHeaders(page: {
  nonce: string
  dev: boolean
  publicUrl: string
  realtimeUrl: string | undefined
  realtimePort: number
}): Record<string, string> & { 'content-security-policy': string } {
  const secure = page.publicUrl.startsWith('https:')
  const hostname = new URL(page.publicUrl).hostname
  const realtime = page.realtimeUrl
    ? [socketOrigin(page.realtimeUrl)]
    : [hostname, ...(hostname === 'localhost' ? ['127.0.0.1'] : [])].map(
        (host) => `${secure ? 'wss' : 'ws'}://${host}:${page.realtimePort}`,
      )
  const policy = {
    'default-src': ["'self'"],
    'script-src': ["'self'", `'nonce-${page.nonce}'`, "'strict-dynamic'", ...(page.dev ? ["'unsafe-eval'"] : [])],
    // Style attributes are how React and Radix place things on the page.
    'style-src': ["'self'", "'unsafe-inline'"],
    'img-src': ["'self'", 'data:', 'blob:'],
    'font-src': ["'self'"],
    'connect-src': ["'self'", ...realtime, ...(page.dev ? ['ws:'] : [])],
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
    ...(secure && { 'strict-transport-security': 'max-age=31536000' }),
  }
}

const socketOrigin = (url: string) => `${new URL(url).protocol}//${new URL(url).host}`
