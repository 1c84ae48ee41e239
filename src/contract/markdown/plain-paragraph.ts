import type { Block } from './tree'

/** What formatting, mentions and names of rooms are made of. */
const marks = /[*_~`|\\[\]<>@\uFF20#]/
/** What every address has in it. */
const address = /:\/\/|mailto:|[\p{L}\p{N}-]\.[\p{L}\p{N}[]/iu
/** Items of lists, lines that are blank, and characters that end a line besides "\n". */
const lines = /^[ \t]*(?:[-•]|\d{1,3}[.)])[ \t]|^[^\S\n]*$|[\r\u2028\u2029]/m

/**
 * Reads a message that is nothing but text, as most are, without the parser.
 * @returns what `parseText` returns; null when the text has to be parsed
 */
export function readPlainParagraph(text: string): readonly Block[] | null {
  if (marks.test(text) || address.test(text) || lines.test(text)) return null
  return [{ type: 'paragraph', children: [{ type: 'text', text }] }]
}
