import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

/**
 * The hashes of the stylesheets of a build, as a content policy names them. Next puts a stylesheet into the HTML as it is,
 * but without the nonce.
 * @param folder its static files
 */
export async function hashStyles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => [])
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.css'))
  return Promise.all(
    files.map(async ({ parentPath, name }) => {
      const hash = createHash('sha256').update(await readFile(path.join(parentPath, name)))
      return `'sha256-${hash.digest('base64')}'`
    }),
  )
}
