import { parseText } from './parse-text'
import { readInOneLine } from './plain-blocks'

/** A message in one line, as it reads without its formatting: for quotes, lists, notifications and titles. */
export const plainText = (text: string): string => readInOneLine(text, parseText)
