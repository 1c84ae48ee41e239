/** What a page may use of the browser. Everything else in this list is refused to it, and to whatever it would embed. */
const ownFeatures = ['clipboard-write', 'publickey-credentials-create', 'publickey-credentials-get']

const refusedFeatures = [
  ...['accelerometer', 'autoplay', 'bluetooth', 'browsing-topics', 'camera', 'clipboard-read', 'compute-pressure', 'display-capture'],
  ...['encrypted-media', 'fullscreen', 'gamepad', 'geolocation', 'gyroscope', 'hid', 'identity-credentials-get', 'idle-detection'],
  ...['keyboard-map', 'local-fonts', 'magnetometer', 'microphone', 'midi', 'otp-credentials', 'payment', 'picture-in-picture'],
  ...['screen-wake-lock', 'serial', 'storage-access', 'sync-xhr', 'unload', 'usb', 'web-share', 'window-management', 'xr-spatial-tracking'],
]

const permissionsPolicy = [...ownFeatures.map((name) => `${name}=(self)`), ...refusedFeatures.map((name) => `${name}=()`)].join(', ')

/**
 * The headers of every answer: only our own scripts and styles apply, no site can frame the app or load its files, and links
 * send no referrer to other sites.
 */
export function pageHeaders(page: {
  nonce: string
  dev: boolean
  secure: boolean
  /** The hashes of the stylesheets that are in the HTML of the pages: see `hashStyles`. */
  styleHashes: readonly string[]
  /** The URLs that the pages may connect to. When no socket opens, the SDK asks there over HTTP for the reason. */
  realtimeUrls: readonly string[]
}): Record<string, string> & { 'content-security-policy': string } {
  const realtime = page.realtimeUrls
    .map((url) => new URL(url))
    .flatMap(({ protocol, host }) => [protocol, protocol.replace('ws', 'http')].map((each) => `${each}//${host}`))
  const nonce = `'nonce-${page.nonce}'`
  const policy = {
    'default-src': ["'self'"],
    'script-src': ["'self'", nonce, "'strict-dynamic'", ...(page.dev ? ["'unsafe-eval'"] : [])],
    // No style attribute in a page counts; scripts may still set an element's style. In development Next adds styles of its own.
    'style-src': page.dev ? ["'self'", "'unsafe-inline'"] : ["'self'", nonce, ...page.styleHashes],
    'img-src': ["'self'", 'data:', 'blob:'],
    'font-src': ["'self'"],
    'connect-src': ["'self'", ...new Set(realtime), ...(page.dev ? ['ws:'] : [])],
    'frame-src': ["'none'"],
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
    'permissions-policy': permissionsPolicy,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'x-frame-options': 'DENY',
    // Without `preload`: that puts the whole domain on a list in every browser, and is for its owner to decide.
    ...(page.secure && { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }),
  }
}
