import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants } from 'node:zlib'

const compress = promisify(brotliCompress)
const isText = /\.(css|js|json|map|svg|txt)$/

/**
 * Compresses every text file below one folder into another, under the same names: once, so that Brotli may take its time.
 * @param from the folder with the files
 * @param to what was in this folder is removed
 */
export async function compressFiles(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true })
  const entries = await readdir(from, { withFileTypes: true, recursive: true })
  const files = entries
    .filter((entry) => entry.isFile() && isText.test(entry.name))
    .map(({ parentPath, name }) => path.join(parentPath, name))
  await Promise.all(
    files.map(async (file) => {
      const bytes = await readFile(file)
      const target = path.join(to, path.relative(from, file))
      await mkdir(path.dirname(target), { recursive: true })
      await writeFile(target, await compress(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }))
    }),
  )
}
