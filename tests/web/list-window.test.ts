import { describe, expect, it } from 'vitest'
import { createTestRoom } from '../../src/sdk/testing'
import type { RoomListRow } from '../../src/web/rooms/list-rows'
import { offsetsOf, rowAt, segmentsOf } from '../../src/web/rooms/list-window'

const heights = { heading: 40, room: 32, empty: 28, 'no-match': 36 }
const room = (place: number): RoomListRow => ({ kind: 'room', room: createTestRoom({ id: `r${place}` }), place, size: 5_000 })
const rows = Array.from({ length: 5_000 }, (_, index) => room(index + 1))
const offsets = offsetsOf(rows, heights)

describe('window of the room list', () => {
  it('finds the row at a height, at both ends and beyond them', () => {
    for (const [px, index] of [
      [-50, 0],
      [0, 0],
      [31.9, 0],
      [32, 1],
      [160_000 - 1, 4_999],
      [9e9, 4_999],
    ] as const)
      expect(rowAt(offsets, px)).toBe(index)
    expect(rowAt([0], 10)).toBe(0)
  })

  it('has the rows in view and those that are kept, and gaps of exactly the height of all others', () => {
    for (const [fromPx, toPx] of [
      [-600, 1_400],
      [80_000, 82_000],
      [159_000, 162_000],
    ] as const) {
      for (const kept of [[], [0], [4_999], [2_400, 17, 17], [9_999]]) {
        const segments = segmentsOf(offsets, { fromPx, toPx }, kept)
        const shown = segments.flatMap((segment) => (segment.kind === 'row' ? [segment.index] : []))
        const gapPx = segments.reduce((sum, segment) => sum + (segment.kind === 'gap' ? segment.heightPx : 0), 0)
        expect(gapPx + shown.length * 32).toBe(160_000)
        expect(shown).toEqual([...new Set(shown)].sort((a, b) => a - b))
        for (const index of kept) expect(shown.includes(index)).toBe(index < 5_000)
        for (const index of [rowAt(offsets, fromPx), rowAt(offsets, toPx)]) expect(shown).toContain(index)
        expect(shown.length).toBeLessThan(70)
      }
    }
    expect(segmentsOf([0], { fromPx: 0, toPx: 100 }, [0])).toEqual([])
  })
})
