import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const documents = ['.', 'docs', 'src'].flatMap((folder) =>
  readdirSync(path.join(root, folder), { recursive: folder !== '.', encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => path.posix.join(folder, file.split(path.sep).join('/'))),
)

const read = (document: string) => readFileSync(path.join(root, document), 'utf8')

/** The files and folders that a text names in backquotes. They may be relative to src. */
const pathsIn = (text: string) =>
  [...withoutBlocks(text).matchAll(/`([\w.@[\]-]+(?:\/[\w.@[\]-]+)*(?:\/|\/[\w.[\]-]+\.(?:tsx?|css|sql|prisma|md|svg)))`/g)].map(
    ([, named = '']) => named,
  )

/** The targets of links, but for those to other sites. */
const linksIn = (text: string) =>
  [...withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target).filter((target) => !/^[a-z]+:/.test(target))

const withoutBlocks = (text: string) => text.replace(/^```.*?^```/gms, '')

/** As GitHub makes them. */
const anchorsOf = (text: string) =>
  [...withoutBlocks(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )

describe('documentation', () => {
  it.each(documents)('%s names only files and folders that exist', (document) => {
    const exists = (named: string) => ['', 'src'].some((base) => existsSync(path.join(root, base, named)))
    expect(pathsIn(read(document)).filter((named) => !exists(named))).toEqual([])
  })

  it.each(documents)('%s has no broken link', (document) => {
    const works = (target: string) => {
      const [file = '', anchor] = target.split('#')
      const place = file === '' ? document : path.posix.join(path.posix.dirname(document), file)
      return existsSync(path.join(root, place)) && (anchor === undefined || anchorsOf(read(place)).includes(anchor))
    }
    expect(linksIn(read(document)).filter((target) => !works(target))).toEqual([])
  })

  it('docs/decisions/README.md lists every decision, numbered like its file', () => {
    const decisions = documents.map((document) => path.posix.relative('docs/decisions', document)).filter((file) => /^\d{4}-/.test(file))
    const listed = [...read('docs/decisions/README.md').matchAll(/^\| (\d+) \| \[.*\]\((\d{4}-.*\.md)\) \|/gm)]
    expect(listed.map(([, , file]) => file)).toEqual(decisions.sort())
    for (const [, number, file = ''] of listed) {
      expect(Number.parseInt(file, 10)).toBe(Number(number))
      expect(read(`docs/decisions/${file}`)).toMatch(new RegExp(`^# ${number}\\. `))
    }
  })

  it('docs/operating.md lists every metric', () => {
    const metrics = (text: string) => [...new Set(text.match(/\broomline_[a-z_]+/g))].sort()
    expect(metrics(read('docs/operating.md'))).toEqual(metrics(read('src/server/platform/metrics.ts')))
  })

  it('is read as this test means to', () => {
    expect(pathsIn('See `src/server/main.ts`, `contract/` and `npm start`.')).toEqual(['src/server/main.ts', 'contract/'])
    expect(linksIn('[Rooms](docs/rooms.md#the-room-list) and [tRPC](https://trpc.io)')).toEqual(['docs/rooms.md#the-room-list'])
    expect(anchorsOf('# Rooms, people and rights\n\n```sh\n# a comment\n```')).toEqual(['rooms-people-and-rights'])
  })
})
