import type { FirstPage, Room } from '../../sdk'
import type { ParsedTexts } from './text/parsed-texts'

/** A room as the server has put it into the HTML of its page. */
export interface OpenedRoom {
  room: Room
  first: FirstPage
  texts: ParsedTexts
  /** The seq of the message that the page is about; null for the newest ones. */
  around: number | null
  /** Where the person's days begin, as far as the server knows. */
  timeZone: string
}
