import { describe, expect, it } from 'vitest'
import { chooseRows, createRowHeights, isWithin, type ListPlace, rowAtOffset, rowsInView } from '../../src/web/room/messages/row-window'

const all = { from: 101, to: 700 }

function viewAt(place: ListPlace, viewPx = 600) {
  const heights = createRowHeights()
  for (let seq = all.from; seq <= all.to; seq++) heights.set(seq, 30)
  return { all, heights, place, viewPx }
}

describe('the rows that are in the document', () => {
  it('are those around the place, and no more', () => {
    expect(rowsInView(viewAt({ kind: 'newest' }), 0)).toEqual({ from: 681, to: 700 })
    expect(rowsInView(viewAt({ kind: 'message', seq: 400, offsetPx: 0 }), 0)).toEqual({ from: 400, to: 419 })
    expect(rowsInView(viewAt({ kind: 'message', seq: 400, offsetPx: -10 }), 30)).toEqual({ from: 399, to: 421 })
    expect(rowsInView(viewAt({ kind: 'centre', seq: 400 }), 0)).toEqual({ from: 390, to: 409 })
    expect(rowsInView(viewAt({ kind: 'message', seq: 5, offsetPx: 0 }), 0).from).toBe(101)
    expect(rowsInView({ ...viewAt({ kind: 'newest' }), all: { from: 1, to: 0 } }, 100)).toEqual({ from: 1, to: 0 })
  })

  it('stay the same while the person scrolls a little, and follow when rows would be missing', () => {
    const first = chooseRows(viewAt({ kind: 'message', seq: 400, offsetPx: 0 }), { from: 0, to: -1 })
    expect(first.from).toBeLessThan(380)
    expect(first.to).toBeGreaterThan(430)
    expect(chooseRows(viewAt({ kind: 'message', seq: 390, offsetPx: -5 }), first)).toEqual(first)
    const later = chooseRows(viewAt({ kind: 'message', seq: 375, offsetPx: 0 }), first)
    expect(later.from).toBeLessThan(360)
    expect(later.to).toBeLessThan(first.to)
    expect(later.to - later.from).toBeLessThan(120)
  })

  it('lose what is no longer loaded', () => {
    const view = { ...viewAt({ kind: 'message', seq: 690, offsetPx: 0 }), all: { from: 101, to: 695 } }
    expect(chooseRows(view, { from: 650, to: 700 }).to).toBe(695)
  })
})

describe('the heights of rows', () => {
  it('are the average of those that are known, until they are measured', () => {
    const heights = createRowHeights()
    expect(heights.of(1)).toBe(48)
    heights.set(1, 20)
    heights.set(2, 40)
    expect(heights.of(3)).toBe(30)
    heights.set(2, 60)
    expect(heights.sum({ from: 1, to: 3 })).toBe(20 + 60 + 40)
    expect(heights.sum({ from: 5, to: 4 })).toBe(0)
  })

  it('tell which row is at a distance from the top', () => {
    const { heights } = viewAt({ kind: 'newest' })
    expect(rowAtOffset(all, heights, 0)).toEqual({ seq: 101, topPx: 0 })
    expect(rowAtOffset(all, heights, 95)).toEqual({ seq: 104, topPx: 90 })
    expect(rowAtOffset(all, heights, 1e9)).toEqual({ seq: 700, topPx: 599 * 30 })
  })
})

describe('a place', () => {
  it('is in the window when its message is, or when the window ends with the newest', () => {
    expect(isWithin(all, true, { kind: 'newest' })).toBe(false)
    expect(isWithin(all, false, { kind: 'newest' })).toBe(true)
    expect(isWithin(all, false, { kind: 'centre', seq: 100 })).toBe(false)
    expect(isWithin(all, false, { kind: 'message', seq: 700, offsetPx: 3 })).toBe(true)
  })
})
