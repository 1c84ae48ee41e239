import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript-5.9'

/** The types of all procedures at once: thousands of lines that nobody reads. */
const tooLong = new Set(['AppRouter', 'Procedures'])

const entries: Record<string, string> = {
  index: '@roomline/sdk',
  react: '@roomline/sdk/react',
  bot: '@roomline/sdk/bot',
  server: '@roomline/sdk/server',
  testing: '@roomline/sdk/testing',
  devtools: '@roomline/sdk/devtools',
}

/**
 * Describes everything that the packed SDK exports, as its declarations do.
 * @param folder of the package, with its declarations
 * @returns a page of Markdown
 */
export function describeApi(folder: string): string {
  const files = Object.keys(entries).map((entry) => path.join(folder, `${entry}.d.ts`))
  const program = ts.createProgram(files, { module: ts.ModuleKind.NodeNext, lib: ['lib.es2023.d.ts'], skipLibCheck: true, types: [] })
  const checker = program.getTypeChecker()
  const seen = new Set<ts.Symbol>()
  const parts = Object.entries(entries).flatMap(([entry, title]) => {
    const source = program.getSourceFile(path.join(folder, `${entry}.d.ts`))
    const module = source && checker.getSymbolAtLocation(source)
    if (!module) return []
    const described = checker
      .getExportsOfModule(module)
      .map((exported) => (exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported))
      .filter((symbol) => !seen.has(symbol))
      .sort((a, b) => rankOf(a) - rankOf(b) || a.name.localeCompare(b.name, 'en'))
    for (const symbol of described) seen.add(symbol)
    return [`## ${title}`, ...described.map((symbol) => describeSymbol(symbol, checker))]
  })
  return `${[head, ...parts].join('\n\n')}\n`
}

const head = `# API of the SDK

Everything that \`@roomline/sdk\` exports, written by \`npm run docs:api\` from its source: change the comments there. [The guide](sdk.md) explains how the parts work together.`

/** What one calls comes before what describes it. */
const rankOf = ({ flags }: ts.Symbol) => (flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Class | ts.SymbolFlags.Variable) ? 0 : 1)

function describeSymbol(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const text = ts.displayPartsToString(symbol.getDocumentationComment(checker))
  const declarations = (symbol.declarations ?? []).filter((node) => !ts.isModuleDeclaration(node))
  const code = tooLong.has(symbol.name)
    ? `type ${symbol.name} = …`
    : declarations
        .map((node) => (ts.isVariableDeclaration(node) ? node.parent.parent : node).getText().replace(/^(declare|export) /, ''))
        .join('\n')
  return [
    `### ${symbol.name}`,
    ...(text ? [text] : []),
    `\`\`\`ts\n${code.replaceAll(/^ {4}/gm, '  ').replaceAll(/^ {6}(?! )/gm, '    ')}\n\`\`\``,
    ...tagsOf(symbol, checker),
  ]
    .join('\n\n')
    .replaceAll(/^(- .*)\n\n(?=- )/gm, '$1\n')
}

function tagsOf(symbol: ts.Symbol, checker: ts.TypeChecker): string[] {
  return symbol.getJsDocTags(checker).flatMap(({ name, text }) => {
    const words = ts.displayPartsToString(text).trim()
    switch (name) {
      case 'example':
        return words.startsWith('```') ? [words] : [`\`\`\`ts\n${words}\n\`\`\``]
      case 'param':
        return [`- \`${words.split(' ', 1)[0]}\`: ${words.slice(words.indexOf(' ') + 1)}`]
      case 'returns':
        return [`- Returns ${words}`]
      case 'throws':
        return [`- Throws ${words.replace(/^\{(\w+)\}/, '$1:')}`]
      default:
        return []
    }
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { packSdk } = await import('./pack')
  const { mkdtemp, rm } = await import('node:fs/promises')
  const { tmpdir } = await import('node:os')
  const folder = await mkdtemp(path.join(tmpdir(), 'roomline-api-'))
  try {
    await packSdk(folder)
    const page = fileURLToPath(new URL('../../docs/api.md', import.meta.url))
    const before = await readFile(page, 'utf8').catch(() => '')
    const after = describeApi(path.join(folder, 'sdk'))
    if (after !== before) await writeFile(page, after)
    process.stdout.write(after === before ? 'docs/api.md is up to date.\n' : 'wrote docs/api.md\n')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
