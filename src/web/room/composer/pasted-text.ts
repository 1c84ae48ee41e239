/** What a browser has on its clipboard. "" where there is nothing of a kind. */
export interface Pasted {
  plain: string
  html: string
  /** What Visual Studio Code says about a text that was copied in it, as JSON. */
  editor: string
}

/** The names of languages that an editor and a block of code call differently. */
const languageNames: Record<string, string> = {
  typescriptreact: 'tsx',
  javascriptreact: 'jsx',
  shellscript: 'sh',
  plaintext: '',
  markdown: 'md',
}

/**
 * Whether a pasted text is code. Text that comes from an editor is, and so is text of several lines that looks like it.
 * @returns its language, "" if that is unknown; null when it is not code
 */
export function readPastedCode({ plain, html, editor }: Pasted): { language: string } | null {
  const lines = plain.replace(/\s+$/, '').split('\n')
  // Whoever pastes a fence has marked the code already.
  if (lines.length < 2 || /^ {0,3}(```|~~~)/m.test(plain)) return null
  const mode = editor === '' ? null : readMode(editor)
  if (mode === 'markdown' || mode === 'plaintext') return looksLikeCode(lines) ? { language: '' } : null
  if (mode !== null) return { language: languageNames[mode] ?? mode }
  if (/<pre[\s>]/i.test(html) || looksLikeCode(lines)) return { language: '' }
  return null
}

function readMode(editor: string): string | null {
  try {
    const { mode } = JSON.parse(editor) as { mode?: unknown }
    return typeof mode === 'string' && /^[\w+#-]{1,30}$/.test(mode) ? mode.toLowerCase() : ''
  } catch {
    return null
  }
}

const codeEnd = /[{};]$|=>$|\($|\)\s*\{$|^\s*[\])}]+[;,]?$/
const codeWord =
  /^\s*(?:import\s.+from\s|from\s\S+\simport\s|export\s|const\s\w+\s*=|let\s\w+\s*=|var\s\w+\s*=|function\s*\w*\(|def\s\w+\(|class\s\w+.*[:{]$|return\b.*;$|if\s*\(.+\)|for\s*\(.+\)|while\s*\(.+\)|#include\s*[<"]|fn\s\w+|func\s\w+\(|<\/?[a-z][\w-]*(?:\s[^>]*)?>|SELECT\s.+\sFROM\s)/i
const listItem = /^\s*(?:[-*+•>]|\d+[.)])\s/

/** At least two signs of code, and a third of the lines have one. */
function looksLikeCode(lines: readonly string[]): boolean {
  const filled = lines.filter((line) => line.trim() !== '')
  const signs = filled.filter((line, index) => {
    if (listItem.test(line)) return false
    const isIndented = index > 0 && /^(?:\t| {2,})\S/.test(line)
    return isIndented || codeEnd.test(line.trimEnd()) || codeWord.test(line)
  })
  return signs.length >= 2 && signs.length * 3 >= filled.length
}
