import { isUnavailable } from './database'

/** More in one statement would only make the first of them wait. */
const maxTogether = 500
/** From one statement to the next: a look-up that comes sooner waits for so long at most, with all that come meanwhile. */
const pauseMs = 2
/** So many statements may be under way: one that hangs must not stop all look-ups. */
const maxAtOnce = 4

/**
 * Joins look-ups: what is asked for in one turn of the event loop, or shortly after another statement, is loaded together, so
 * that a thousand people who connect at once cost a few statements. A lone look-up waits for nothing.
 * @param load answers in the order of its keys
 */
export function joinLookUps<Key, Value>(load: (keys: readonly Key[]) => Promise<readonly Value[]>): (key: Key) => Promise<Value> {
  const asked: { key: Key; resolve: (value: Value) => void; reject: (error: unknown) => void }[] = []
  let underWay = 0
  let isScheduled = false
  let loadedAt = Number.NEGATIVE_INFINITY

  function schedule() {
    if (isScheduled || asked.length === 0 || underWay >= maxAtOnce) return
    isScheduled = true
    if (performance.now() - loadedAt < pauseMs) setTimeout(loadAsked, pauseMs)
    else setImmediate(loadAsked)
  }

  async function loadAsked() {
    const together = asked.splice(0, maxTogether)
    loadedAt = performance.now()
    isScheduled = false
    underWay++
    schedule()
    try {
      const values = await load(together.map(({ key }) => key))
      for (const [index, { resolve }] of together.entries()) resolve(values[index] as Value)
    } catch (error) {
      // While Postgres is away, those behind would wait for as long again, and be told the same.
      const behind = isUnavailable(error) ? asked.splice(0) : []
      for (const { reject } of [...together, ...behind]) reject(error)
    } finally {
      underWay--
      schedule()
    }
  }

  return (key) =>
    new Promise((resolve, reject) => {
      asked.push({ key, resolve, reject })
      schedule()
    })
}
