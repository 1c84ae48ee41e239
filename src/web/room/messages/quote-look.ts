import type { Message } from '../../../sdk'

/** How a message shows what it answers: with a line of that text, or only with a mark, because the text stands right above. */
export type QuoteLook = 'line' | 'mark'

/** A message that stands right above another one. */
export interface QuotedAbove {
  /** Null for a message that is still being sent. */
  seq: number | null
  replyTo: Pick<NonNullable<Message['replyTo']>, 'seq'> | null
}

/** @param above the message right above it, with no day or "New" line in between; null for none */
export function quoteLook(replyTo: QuotedAbove['replyTo'], above: QuotedAbove | null): QuoteLook {
  return replyTo && above && (above.seq === replyTo.seq || above.replyTo?.seq === replyTo.seq) ? 'mark' : 'line'
}
