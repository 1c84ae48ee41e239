import type { Config } from './config'

/**
 * Where a browser finds the realtime server: on the host that its page came from, where that is one of ours, because the
 * session cookie belongs to that host and a browser sends it to no other.
 * @param host the page request's `Host`; without it, that of PUBLIC_URL
 */
export function realtimeUrl(
  config: Pick<Config, 'publicUrl' | 'allowedOrigins' | 'realtimeUrl' | 'realtimePort'>,
  host: string | null = null,
): string {
  if (config.realtimeUrl) return config.realtimeUrl
  const origin =
    config.allowedOrigins.map((allowed) => new URL(allowed)).find((allowed) => allowed.host === host) ?? new URL(config.publicUrl)
  return `${origin.protocol === 'https:' ? 'wss' : 'ws'}://${origin.hostname}:${config.realtimePort}/trpc`
}
