import { describe, expect, it } from 'vitest'
import { readSource, sourceFiles } from './read-imports'

/** Names that several files may declare, each with the reason. */
const shared: { name: string; files: RegExp; reason: string }[] = [
  ...['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map((name) => ({
    name,
    files: /^app\/api\/.*route\.ts$/,
    reason: 'Next finds a route’s handlers by these names',
  })),
  { name: 'dynamic', files: /^app\/api\/.*route\.ts$/, reason: 'Next reads a route’s settings from this name' },
  { name: 'metadata', files: /^app\/.*page\.tsx$/, reason: 'Next reads a page’s title from this name' },
  { name: 'Context', files: /^(server\/context\.ts|sdk-package\/context-stub\.d\.ts)$/, reason: 'the stub replaces it in the SDK’s types' },
  {
    name: 'createChat',
    files: /^(sdk\/chat|sdk-package\/node-entry)\.ts$/,
    reason: 'the SDK’s entry for Node has the same API, with a WebSocket',
  },
  {
    name: 'createBot',
    files: /^(sdk\/bot\/bot|sdk-package\/node-bot)\.ts$/,
    reason: 'the SDK’s entry for Node has the same API, with a WebSocket',
  },
  ...['Composer', 'ConnectionBanner', 'MessageList', 'TypingLine'].map((name) => ({
    name,
    files: /^(sdk\/react\/components|web\/room)\//,
    reason: 'the SDK has simple ones for everybody; those of the web app know all of its acts',
  })),
]

/** The names that a file declares and exports. Re-exports (`export … from`) declare nothing. */
function exportedNames(text: string): string[] {
  const declared = text.matchAll(
    /^export (?:default )?(?:declare )?(?:abstract )?(?:async )?(?:const|let|function\*?|class|interface|type|enum) (?<name>[\w$]+)/gm,
  )
  const listed = text.matchAll(/^export (?:type )?\{(?<names>[^}]*)\}(?! from)/gm)
  return [
    ...[...declared].map(({ groups }) => groups?.name ?? ''),
    ...[...listed].flatMap(({ groups }) => (groups?.names ?? '').split(',').map((name) => name.trim().split(/\s+/).at(-1) ?? '')),
  ].filter((name) => name !== '' && name !== 'from' && name !== 'default')
}

function findShared(files: Map<string, string>): string[] {
  const declaredIn = new Map<string, string[]>()
  for (const [file, text] of files) {
    for (const name of new Set(exportedNames(text))) {
      if (shared.some((row) => row.name === name && row.files.test(file))) continue
      declaredIn.set(name, [...(declaredIn.get(name) ?? []), file])
    }
  }
  return [...declaredIn].filter(([, places]) => places.length > 1).map(([name, places]) => `${name}: ${places.join(', ')}`)
}

const sources = new Map(sourceFiles.map((file) => [file, readSource(file)]))

describe('exported names', () => {
  it('src: every exported name is declared in one file only', () => {
    expect(findShared(sources)).toEqual([])
  })

  it('the reader of exports: finds declarations and lists, and no re-exports', () => {
    const text = [
      'export const one = 1',
      'export async function two() {}',
      'export interface Three {}',
      'export default function Four() {}',
      'export { five, inner as six }',
      "export { seven } from './seven'",
      "export type { Eight } from './eight'",
    ].join('\n')
    expect(exportedNames(text).sort()).toEqual(['Four', 'Three', 'five', 'one', 'six', 'two'])
    expect(
      findShared(
        new Map([
          ['a.ts', text],
          ['b.ts', 'export type one = 1'],
        ]),
      ),
    ).toEqual(['one: a.ts, b.ts'])
  })

  it('the exceptions: each is still used', () => {
    const unused = shared.filter(
      ({ name, files }) => [...sources].filter(([file, text]) => files.test(file) && exportedNames(text).includes(name)).length < 2,
    )
    expect(unused.map(({ name }) => name)).toEqual([])
  })
})
