const offered = [0, 5, 10, 30, 60, 300]

/** The waits to choose from, with the one that is set, which a program may have chosen. */
export function slowModeOptions(now: number): { value: string; words: string }[] {
  return [...new Set([...offered, now])].sort((a, b) => a - b).map((seconds) => ({ value: String(seconds), words: wordsOf(seconds) }))
}

function wordsOf(seconds: number): string {
  if (seconds === 0) return 'Off'
  const [count, unit] = seconds % 60 === 0 ? [seconds / 60, 'minute'] : [seconds, 'second']
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
