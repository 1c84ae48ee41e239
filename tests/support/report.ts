/** Prints a line of figures. */
export function report(scenario: string, figures: Record<string, number | string>): void {
  const words = Object.entries(figures).map(([name, value]) => `${name} ${typeof value === 'number' ? Math.round(value * 10) / 10 : value}`)
  process.stdout.write(`  ${scenario}: ${words.join(' · ')}\n`)
}
