import { createCssVariablesTheme, createHighlighterCore, type LanguageInput } from 'shiki/core'
import { createJavaScriptRegexEngine } from 'shiki/engine/javascript'

/** A piece of a line of code. `look` is the end of its class's name; null for ordinary code. */
export interface CodePiece {
  text: string
  look: string | null
}

/** Each is loaded when it is first needed. */
const grammars: Record<string, () => Promise<{ default: LanguageInput }>> = {
  bash: () => import('shiki/langs/bash.mjs'),
  c: () => import('shiki/langs/c.mjs'),
  cpp: () => import('shiki/langs/cpp.mjs'),
  csharp: () => import('shiki/langs/csharp.mjs'),
  css: () => import('shiki/langs/css.mjs'),
  diff: () => import('shiki/langs/diff.mjs'),
  docker: () => import('shiki/langs/docker.mjs'),
  go: () => import('shiki/langs/go.mjs'),
  html: () => import('shiki/langs/html.mjs'),
  java: () => import('shiki/langs/java.mjs'),
  javascript: () => import('shiki/langs/javascript.mjs'),
  json: () => import('shiki/langs/json.mjs'),
  kotlin: () => import('shiki/langs/kotlin.mjs'),
  markdown: () => import('shiki/langs/markdown.mjs'),
  php: () => import('shiki/langs/php.mjs'),
  python: () => import('shiki/langs/python.mjs'),
  ruby: () => import('shiki/langs/ruby.mjs'),
  rust: () => import('shiki/langs/rust.mjs'),
  sql: () => import('shiki/langs/sql.mjs'),
  swift: () => import('shiki/langs/swift.mjs'),
  toml: () => import('shiki/langs/toml.mjs'),
  tsx: () => import('shiki/langs/tsx.mjs'),
  typescript: () => import('shiki/langs/typescript.mjs'),
  xml: () => import('shiki/langs/xml.mjs'),
  yaml: () => import('shiki/langs/yaml.mjs'),
}

// Its colours are names, which styles.css gives a value in each theme: the policy of the pages allows no style attributes.
const prefix = 'token-'
const highlighter = createHighlighterCore({
  themes: [createCssVariablesTheme({ name: 'names', variablePrefix: '--' })],
  engine: createJavaScriptRegexEngine({ forgiving: true }),
})

/** @returns the lines of the code; null for a language without a grammar here */
export async function highlight(code: string, language: string): Promise<CodePiece[][] | null> {
  const load = grammars[language]
  if (!load) return null
  const [core, { default: grammar }] = await Promise.all([highlighter, load()])
  await core.loadLanguage(grammar)
  const lines = core.codeToTokensBase(code, { lang: language, theme: 'names', tokenizeMaxLineLength: 1_000, tokenizeTimeLimit: 500 })
  return lines.map((tokens) => tokens.map(({ content, color }) => ({ text: content, look: toLook(color) })))
}

/** "var(--token-keyword)" is the look "keyword". */
function toLook(color: string | undefined): string | null {
  const name = /^var\(--([a-z-]+)\)$/.exec(color ?? '')?.[1]
  return name?.startsWith(prefix) ? name.slice(prefix.length) : null
}
