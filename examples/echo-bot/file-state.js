import { readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'

/** Keeps how far a bot has come in a file. Each write replaces the whole file, so that it is never half written. */
export function createFileState(file) {
  const values = new Map(Object.entries(read(file)))
  let writing = Promise.resolve()
  return {
    get: (key) => values.get(key),
    set: (key, value) => {
      values.set(key, value)
      writing = writing
        .catch(() => {})
        .then(async () => {
          await writeFile(`${file}.new`, JSON.stringify(Object.fromEntries(values)))
          await rename(`${file}.new`, file)
        })
      return writing
    },
  }
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return {}
    throw error
  }
}
