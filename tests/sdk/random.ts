/** A small generator with a seed, so that a failure can be repeated. @returns a function to a number from 0 to below its argument */
export function randomFrom(seed: number) {
  let state = seed
  return (below: number) => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return Math.floor((state / 2 ** 32) * below)
  }
}
