/** More in one statement would only make the first of them wait. */
const maxTogether = 500

/**
 * Joins look-ups: what is asked for in one turn of the event loop is loaded together, so that a thousand people who connect
 * at once cost a few statements. A lone look-up waits for nothing.
 * @param load answers in the order of its keys
 */
export function joinLookUps<Key, Value>(load: (keys: readonly Key[]) => Promise<readonly Value[]>): (key: Key) => Promise<Value> {
  let asked: { key: Key; resolve: (value: Value) => void; reject: (error: unknown) => void }[] = []

  async function loadAsked() {
    const together = asked
    asked = []
    try {
      const values = await load(together.map(({ key }) => key))
      for (const [index, { resolve }] of together.entries()) resolve(values[index] as Value)
    } catch (error) {
      for (const { reject } of together) reject(error)
    }
  }

  return (key) =>
    new Promise((resolve, reject) => {
      if (asked.length === 0) setImmediate(() => asked.length > 0 && void loadAsked())
      asked.push({ key, resolve, reject })
      if (asked.length >= maxTogether) void loadAsked()
    })
}
