import type { Inline } from '../../../contract/markdown/tree'

/** The text of inlines without their formatting. */
export const shownText = (inlines: readonly Inline[]): string =>
  inlines.map((inline) => ('children' in inline ? shownText(inline.children) : inline.text)).join('')
