import { type Browser, chromium } from 'playwright-core'
import { inject } from 'vitest'
import type { TestProject } from 'vitest/node'
import { findBrowser, launchBrowser } from './browser'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where to connect to the browser of this run; null when it does not start. */
    browserEndpoint: string | null
  }
}

/** Starts one browser for all files of a project, and prints which it is: what the tests show may depend on it. */
export default async function setup(project: TestProject) {
  const found = await findBrowser()
  const name = `${found.executablePath}  (${found.origin})`
  try {
    const server = await launchBrowser(found)
    const browser = await chromium.connect(server.wsEndpoint())
    process.stdout.write(`Browser of the project ${project.name}: Chromium ${browser.version()}  ${name}\n`)
    await browser.close()
    project.provide('browserEndpoint', server.wsEndpoint())
    return () => server.close()
  } catch (error) {
    // Tests that need no browser can still run.
    process.stdout.write(`Browser of the project ${project.name}: ${name} does not start: ${error}\n`)
    project.provide('browserEndpoint', null)
  }
}

/** The browser of this run. Closing it ends the connection and the contexts opened over it, not the browser. */
export function connectToBrowser(): Promise<Browser> {
  const endpoint = inject('browserEndpoint')
  if (!endpoint) throw new Error('the browser did not start: see the first lines of this run')
  return chromium.connect(endpoint)
}
