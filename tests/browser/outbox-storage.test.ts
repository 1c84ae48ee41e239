import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { expect, it } from 'vitest'
import { connectToBrowser } from '../support/browser-setup'

it('outbox storage: IndexedDB in a real browser passes the contract of every outbox storage', async () => {
  const program = `
    import { createIndexedDbOutbox } from './src/sdk/outbox-storage'
    import { findBrokenPromises } from './tests/sdk/outbox-storage-contract'
    findBrokenPromises(createIndexedDbOutbox, { lasting: true }).then((broken) => { document.title = JSON.stringify(broken) }, (error) => { document.title = String(error) })`
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: root, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'iife',
  })
  // IndexedDB belongs to an origin, so the page needs one.
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<title>running</title>'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const browser = await connectToBrowser()
  try {
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    await page.addScriptTag({ content: outputFiles[0]?.text ?? '' })
    await page.waitForFunction(() => document.title !== 'running')
    expect(await page.title()).toBe('[]')
  } finally {
    await browser.close()
    server.close()
  }
})
