/** The spans of code: they end with as many backticks as they begin with, in the same line unless there are three or more. */
export function findCode(text: string): { start: number; end: number; width: number }[] {
  if (!text.includes('`')) return []
  const ticks = [...text.matchAll(/`+/g)]
  const places = new Map<number, number[]>()
  ticks.forEach(({ 0: run }, nth) => {
    const known = places.get(run.length)
    if (known) known.push(nth)
    else places.set(run.length, [nth])
  })
  const found: { start: number; end: number; width: number }[] = []
  for (let nth = 0; nth < ticks.length; nth++) {
    const open = ticks[nth]
    if (!open) break
    const width = open[0].length
    const same = places.get(width) ?? []
    while (same.length > 0 && (same[0] ?? 0) <= nth) same.shift()
    const closing = same[0]
    const close = closing === undefined ? undefined : ticks[closing]
    if (!close || closing === undefined) continue
    const inside = text.slice(open.index + width, close.index)
    if (inside.trim() === '' || (width < 3 && inside.includes('\n'))) continue
    found.push({ start: open.index, end: close.index + width, width })
    nth = closing
  }
  return found
}
