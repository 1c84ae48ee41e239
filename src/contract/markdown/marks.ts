import { parse, preprocess } from 'micromark'
import { gfmStrikethrough } from 'micromark-extension-gfm-strikethrough'

/** A stretch of text that its marks format; they are part of it. */
export interface Marked {
  type: 'strong' | 'emphasis' | 'strike' | 'link'
  start: number
  end: number
  children: Marked[]
}

/** How much parsing one message may still cause. */
export interface MarkBudget {
  marks: number
}

/** What the parser costs grows with the square of the marks. Beyond so many in a message, they are text. */
export const newMarkBudget = (): MarkBudget => ({ marks: 200 })

/** Of Markdown, the marks that people write within a line: everything else is text, or is read by ourselves. */
const parser = parse({
  extensions: [
    {
      disable: {
        null: [...['htmlText', 'autolink', 'labelStartImage', 'codeText'], ...['characterEscape', 'characterReference', 'hardBreakEscape']],
      },
    },
    gfmStrikethrough({ singleTilde: false }),
  ],
})

const types: Partial<Record<string, Marked['type']>> = { strong: 'strong', emphasis: 'emphasis', strikethrough: 'strike', link: 'link' }

/** The formatting that marks make in a text. What is not to be read as marks has been replaced by letters. */
export function parseMarks(text: string, budget: MarkBudget): readonly Marked[] {
  const count = text.match(/\*+|_+|~~|\]\(/g)?.length ?? 0
  if (count === 0 || count > budget.marks || !/([*_]|~~).*?\1|\]\(/s.test(text)) return []
  budget.marks -= count
  const root: Marked[] = []
  const open: Marked[] = []
  for (const [change, token] of parser.text().write(preprocess()(forParser(text), undefined, true))) {
    const type = types[token.type]
    if (type === undefined) continue
    if (change === 'exit') open.pop()
    else {
      const marked: Marked = { type, start: token.start.offset, end: token.end.offset, children: [] }
      ;(open.at(-1)?.children ?? root).push(marked)
      open.push(marked)
    }
  }
  return root
}

/**
 * The text as the parser sees it: of the same length, in one line, and with characters beside marks changed so that marks
 * work beside letters of scripts without spaces, and beside all punctuation.
 */
function forParser(text: string): string {
  const labels = findLabels(text)
  const plain = [
    ...text
      .replace(/[[\]]/g, '.')
      .replace(/\s/g, ' ')
      .replace(/[\uD800-\uDFFF]/g, '\u{1}'),
  ].map((character) => (character.charCodeAt(0) < 128 ? character : alphabetic.test(character) ? 'x' : '\u{1}'))
  for (const at of labels) plain[at] = text.charAt(at)
  const isWord = (character: string | undefined) => character !== undefined && /\w/.test(character)
  for (const { index, 0: run } of text.matchAll(/\*+|_+|~~/g)) {
    const before = index - 1
    const after = index + run.length
    const isStar = run[0] !== '_'
    if (plain[before] === '\u{1}') plain[before] = isStar && isWord(plain[after]) ? 'x' : '.'
    if (plain[after] === '\u{1}') plain[after] = isStar && isWord(plain[before]) ? 'x' : '.'
  }
  return plain.join('').replaceAll('\u{1}', 'x')
}

const alphabetic =
  /[\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}\p{sc=Arabic}\p{sc=Hebrew}\p{sc=Armenian}\p{sc=Georgian}\p{sc=Devanagari}\p{M}\p{Nd}]/u

/** The brackets of "[words](address)". */
function findLabels(text: string): number[] {
  const found: number[] = []
  for (const { index } of text.matchAll(/\]\((?=x+\))/g)) {
    const open = text.lastIndexOf('[', index)
    if (open >= 0 && open > (found.at(-1) ?? -1) && text.slice(open + 1, index).trim() !== '') found.push(open, index)
  }
  return found
}
