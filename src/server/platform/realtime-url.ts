import type { Config } from './config'

/** The path of the realtime server's API, over WebSocket and over HTTP. */
export const realtimePath = '/trpc'

/**
 * The URL of the realtime server for a browser: on the host of its page if that is one of ours, because the browser sends the
 * session cookie only to that host.
 * @param host the page request's `Host`; by default that of PUBLIC_URL
 */
export function realtimeUrl(
  config: Pick<Config, 'publicUrl' | 'allowedOrigins' | 'realtimeUrl' | 'realtimePort'>,
  host: string | null = null,
): string {
  if (config.realtimeUrl) return config.realtimeUrl
  const origin =
    config.allowedOrigins.map((allowed) => new URL(allowed)).find((allowed) => allowed.host === host) ?? new URL(config.publicUrl)
  return `${origin.protocol === 'https:' ? 'wss' : 'ws'}://${origin.hostname}:${config.realtimePort}${realtimePath}`
}
