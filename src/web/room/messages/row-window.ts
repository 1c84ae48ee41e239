/** A run of messages by their seqs; both ends are part of it. Empty while `to` is below `from`. */
export interface Rows {
  from: number
  to: number
}

/** Where somebody is in a room. Rows above and below may change their height without moving it. */
export type ListPlace =
  /** At the end, and staying there as messages arrive. */
  | { kind: 'newest' }
  /** With this message so far below the upper edge of the list. */
  | { kind: 'message'; seq: number; offsetPx: number }
  /** With this message in the middle of the list. */
  | { kind: 'centre'; seq: number }

/** The heights of a list's rows: as measured, or the average of those that were. */
export interface RowHeights {
  of(seq: number): number
  sum(rows: Rows): number
  set(seq: number, heightPx: number): void
}

const usualHeightPx = 48

export function createRowHeights(): RowHeights {
  const measured = new Map<number, number>()
  let total = 0
  const average = () => (measured.size > 0 ? total / measured.size : usualHeightPx)
  const of = (seq: number) => measured.get(seq) ?? average()
  return {
    of,
    sum: ({ from, to }) => {
      let sum = 0
      for (let seq = from; seq <= to; seq++) sum += of(seq)
      return sum
    },
    set: (seq, heightPx) => {
      total += heightPx - (measured.get(seq) ?? 0)
      measured.set(seq, heightPx)
    },
  }
}

/** Whether a place is in the window of messages that is loaded. @param hasAfter whether the room has messages after it */
export const isWithin = ({ from, to }: Rows, hasAfter: boolean, place: ListPlace): boolean =>
  place.kind === 'newest' ? !hasAfter : place.seq >= from && place.seq <= to

interface View {
  /** All rows of the list. */
  all: Rows
  heights: RowHeights
  place: ListPlace
  /** The height of the list's visible part. */
  viewPx: number
}

/** The rows that are visible, and those within `marginPx` above and below. */
export function rowsInView({ all, heights, place, viewPx }: View, marginPx: number): Rows {
  if (all.to < all.from) return all
  const seq = place.kind === 'newest' ? all.to : Math.min(Math.max(place.seq, all.from), all.to)
  const top = place.kind === 'message' ? place.offsetPx : place.kind === 'centre' ? viewPx / 2 : viewPx - heights.of(seq)
  let from = seq
  let to = seq
  for (let above = top; above > -marginPx && from > all.from; above -= heights.of(from)) from--
  for (let below = top + heights.of(seq); below < viewPx + marginPx && to < all.to; below += heights.of(to)) to++
  return { from, to }
}

/** Rows closer to the visible ones than this are always in the document. */
const nearPx = 500
/** When some of those are missing, so many are put there that it takes a while until some are missing again. */
const farPx = 1_100

/** The rows to keep in the document. @param current those that are there */
export function chooseRows(view: View, current: Rows): Rows {
  const { all } = view
  const kept = { from: Math.max(current.from, all.from), to: Math.min(current.to, all.to) }
  return hasRows(kept, rowsInView(view, nearPx)) ? kept : rowsInView(view, farPx)
}

const hasRows = (rows: Rows, others: Rows): boolean => rows.from <= others.from && rows.to >= others.to

/** The row at a distance from the top of the whole list, and how far its own top is from there. */
export function rowAtOffset(all: Rows, heights: RowHeights, offsetPx: number): { seq: number; topPx: number } {
  let topPx = 0
  for (let seq = all.from; seq < all.to; seq++) {
    const heightPx = heights.of(seq)
    if (topPx + heightPx > offsetPx) return { seq, topPx }
    topPx += heightPx
  }
  return { seq: all.to, topPx }
}
