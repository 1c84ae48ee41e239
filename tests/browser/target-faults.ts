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
  const pieces = (element) => [...element.getClientRects()].filter(({ width, height }) => width > 0 && height > 0)
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
    const inFlow = targets.filter((element) => !element.closest('[data-floating]'))
    const all = inFlow.flatMap((element) => pieces(element).map((rect) => ({ element, rect })))
    for (const [at, a] of all.entries()) {
      for (const b of all.slice(at + 1)) {
        if (a.element === b.element || a.element.contains(b.element) || b.element.contains(a.element)) continue
        if (!!a.element.closest('[role=log]') !== !!b.element.closest('[role=log]')) continue
        const across = Math.min(a.rect.right, b.rect.right) - Math.max(a.rect.left, b.rect.left)
        const down = Math.min(a.rect.bottom, b.rect.bottom) - Math.max(a.rect.top, b.rect.top)
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
