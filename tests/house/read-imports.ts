import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const src = fileURLToPath(new URL('../../src', import.meta.url))

export interface Import {
  /** A path relative to src without its ending, or the name of a package. */
  from: string
  typeOnly: boolean
}

/** All source files, relative to src. */
export const sourceFiles = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(ts|tsx)$/.test(file) && !file.startsWith('server/platform/prisma/'))
  .map((file) => file.split(path.sep).join('/'))

export const readSource = (file: string) => readFileSync(path.join(src, file), 'utf8')

/** What a source file imports. */
export function importsOf(file: string): Import[] {
  const text = readSource(file)
  const found = [
    ...text.matchAll(
      /^(?:import|export)\s(?<clause>[^'"]*?)from\s+'(?<from>[^']+)'|^import\s+'(?<bare>[^']+)'|import\('(?<lazy>[^']+)'\)/gms,
    ),
  ]
  return found.map(({ groups = {} }) => {
    const from = groups.from ?? groups.bare ?? groups.lazy ?? ''
    const clause = (groups.clause ?? '').trim()
    const named = /^\{([^}]*)\}$/
      .exec(clause)?.[1]
      ?.split(',')
      .filter((name) => name.trim() !== '')
    const typeOnly = clause.startsWith('type ') || (named?.every((name) => name.trim().startsWith('type ')) ?? false)
    return { from: from.startsWith('.') ? path.posix.join(path.posix.dirname(file), from) : from, typeOnly }
  })
}
