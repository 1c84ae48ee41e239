import type { BrowserContext, Page } from 'playwright-core'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy'

/** A line to the realtime server that a test can disturb without touching anybody else's. */
export interface OwnLine extends TcpProxy {
  /**
   * From the next load on, pages connect over this line. Their context needs `bypassCSP`: the policy of the pages does
   * not allow the line's port.
   */
  use(pages: Page | BrowserContext): Promise<void>
}

export async function startOwnLine(realtimeUrl: string): Promise<OwnLine> {
  const { port: target } = new URL(realtimeUrl)
  const line = await startTcpProxy(() => Number(target))
  return {
    ...line,
    use: async (pages) => {
      await pages.addInitScript(
        ({ from, to }) => {
          const Socket = window.WebSocket
          window.WebSocket = class extends Socket {
            constructor(address: string | URL) {
              const url = new URL(address)
              // The line of a page takes precedence over that of its context.
              if (url.port === from) url.port = to
              super(url)
            }
          }
        },
        { from: target, to: String(line.port) },
      )
    },
  }
}
