import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { drawHouse, findArrows, isUp } from './draw-house'

describe('docs/house.svg', () => {
  it('shows the imports as they are: if not, run `npm run docs:house`', () => {
    expect(drawHouse()).toBe(readFileSync(new URL('../../docs/house.svg', import.meta.url), 'utf8'))
  })

  it('has no box that imports code from above or beside it', () => {
    const wrong = findArrows().filter((arrow) => !arrow.typeOnly && isUp(arrow))
    expect(wrong.map(({ from, to }) => `${from.name} imports ${to.name}`)).toEqual([])
  })
})
