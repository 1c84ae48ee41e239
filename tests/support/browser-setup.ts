import type { TestProject } from 'vitest/node'
import { findBrowser, launchBrowser } from './browser'

/** Finds the browser for all tests of a run, and says which it is: what they show may depend on it. */
export default async function setup(project: TestProject) {
  const found = await findBrowser()
  project.provide('browser', found)
  const { executablePath, origin } = found
  try {
    const browser = await launchBrowser({ found })
    process.stdout.write(`Browser: Chromium ${browser.version()}  ${executablePath}  (${origin})\n`)
    await browser.close()
  } catch (error) {
    // Tests without a browser can go on.
    process.stdout.write(`Browser: ${executablePath}  (${origin}) does not start: ${error}\n`)
  }
}
