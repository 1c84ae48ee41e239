import type { Page } from 'playwright-core'

/** Describes which target is faulty, and how. */
export type Fault = string

export interface TargetArea {
  /** The selector of the area. */
  within: string
  /** The selector of the targets in it. */
  targets: string
}

/** A link may wrap over several lines: each piece is a target. */
const inPage = `
  const name = (element) => (element.getAttribute('aria-label') ?? element.textContent ?? '').trim().slice(0, 40) || element.tagName
  const isScroller = (element) => /auto|scroll/.test(getComputedStyle(element).overflowY)
  // What an ancestor cuts off is not there, unless scrolling shows it: what scrolls with the other one is compared as a whole.
  const clip = (element, rect, other) => {
    let { left, top, right, bottom } = rect
    for (let ancestor = element.parentElement; ancestor; ancestor = ancestor.parentElement) {
      if (isScroller(ancestor) && (!other || ancestor.contains(other))) break
      const { overflowX, overflowY } = getComputedStyle(ancestor)
      if (overflowX === 'visible' && overflowY === 'visible') continue
      const box = ancestor.getBoundingClientRect()
      left = Math.max(left, box.left)
      top = Math.max(top, box.top)
      right = Math.min(right, box.right)
      bottom = Math.min(bottom, box.bottom)
    }
    return { left, top, right, bottom, width: right - left, height: bottom - top }
  }
  const isThere = ({ width, height }) => width > 0.5 && height > 0.5
  const pieces = (element) => [...element.getClientRects()].map((rect) => clip(element, rect)).filter(isThere)
  const targets = [...document.querySelectorAll(within)].flatMap((area) => [...area.querySelectorAll(selector)]).filter((element) => pieces(element).length > 0)
`

/** Finds targets whose centre is covered by something else, after scrolling to them. */
export function findCovered(page: Page, area: TargetArea): Promise<Fault[]> {
  return run(
    page,
    area,
    `
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
    const whatCovers = (element, index) => {
      const { left, top, width, height } = pieces(element)[index]
      const hit = document.elementFromPoint(left + width / 2, top + height / 2)
      return element.contains(hit) ? null : hit
    }
    const faults = []
    for (const element of targets) {
      for (const index of pieces(element).keys()) {
        element.scrollIntoView({ block: 'center' })
        const scroller = element.closest('[role=log]')
        const { top, height } = pieces(element)[index]
        const box = scroller?.getBoundingClientRect()
        if (box) scroller.scrollTop += top + height / 2 - (box.top + box.height / 2)
        // Buttons that float over the list disappear only once the page has handled the scrolling.
        let hit = whatCovers(element, index)
        for (let frames = 0; hit !== null && frames < 20; frames++) {
          await frame()
          hit = whatCovers(element, index)
        }
        if (hit !== null) faults.push(\`"\${name(element)}" is under <\${hit?.tagName.toLowerCase() ?? 'nothing'} class="\${hit?.className}">\`)
      }
    }
    return faults
  `,
  )
}

/** Finds targets that overlap, except for buttons that float over the list and disappear on scrolling. */
export function findOverlapping(page: Page, area: TargetArea): Promise<Fault[]> {
  return run(
    page,
    area,
    `
    const faults = []
    // A button may lie on the end of its own row, on purpose, where it leaves most of the row free.
    const endsRow = (row, button) =>
      row.element.parentElement === button.element.parentElement &&
      getComputedStyle(button.element).position === 'absolute' &&
      Math.abs(button.rect.right - row.rect.right) < 5 &&
      button.rect.top >= row.rect.top - 0.5 &&
      button.rect.bottom <= row.rect.bottom + 0.5 &&
      button.rect.left - row.rect.left >= row.rect.width / 2
    const inFlow = targets.filter((element) => !element.closest('[data-floating]'))
    const all = inFlow.flatMap((element) => pieces(element).map((rect) => ({ element, rect })))
    for (const [at, a] of all.entries()) {
      for (const b of all.slice(at + 1)) {
        if (a.element === b.element || a.element.contains(b.element) || b.element.contains(a.element)) continue
        if (!!a.element.closest('[role=log]') !== !!b.element.closest('[role=log]')) continue
        if (endsRow(a, b) || endsRow(b, a)) continue
        const [one, two] = [clip(a.element, a.rect, b.element), clip(b.element, b.rect, a.element)]
        const across = Math.min(one.right, two.right) - Math.max(one.left, two.left)
        const down = Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top)
        if (across > 0.5 && down > 0.5) faults.push(\`"\${name(a.element)}" and "\${name(b.element)}" overlap by \${across} x \${down} px\`)
      }
    }
    return faults
  `,
  )
}

/** Finds targets that a finger may miss. Links in a text are as large as the text. */
export function findTooSmall(page: Page, area: TargetArea, leastPx: number): Promise<Fault[]> {
  return run(
    page,
    area,
    `
    return targets
      .filter((element) => element.closest('p') === null)
      .map((element) => ({ element, rect: element.getBoundingClientRect() }))
      .filter(({ rect }) => Math.min(rect.width, rect.height) < ${leastPx} - 0.5)
      .map(({ element, rect }) => \`"\${name(element)}" is only \${rect.width} x \${rect.height} px\`)
  `,
  )
}

function run(page: Page, { within, targets }: TargetArea, body: string): Promise<Fault[]> {
  return page.evaluate(`(async (within, selector) => {${inPage}${body}})(${JSON.stringify(within)}, ${JSON.stringify(targets)})`)
}
