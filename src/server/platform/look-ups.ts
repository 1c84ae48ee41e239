import { isUnavailable } from './database'

/** More in one statement would only make the first ones wait. */
const maxPerStatement = 500
/** The shortest time between two statements. A look-up that comes sooner waits for at most this long, together with others. */
const pauseMs = 2
/** How many statements may run at once: one that hangs must not stop all look-ups. */
const maxRunning = 4

/**
 * Batches look-ups: those of one turn of the event loop, or shortly after another statement, are loaded together. A thousand
 * people who connect at once cost a few statements. A single look-up does not wait.
 * @param load returns values in the order of its keys
 */
export function joinLookUps<Key, Value>(load: (keys: readonly Key[]) => Promise<readonly Value[]>): (key: Key) => Promise<Value> {
  const waiting: { key: Key; resolve: (value: Value) => void; reject: (error: unknown) => void }[] = []
  let running = 0
  let isScheduled = false
  let loadedAt = Number.NEGATIVE_INFINITY

  function schedule() {
    if (isScheduled || waiting.length === 0 || running >= maxRunning) return
    isScheduled = true
    if (performance.now() - loadedAt < pauseMs) setTimeout(loadWaiting, pauseMs)
    else setImmediate(loadWaiting)
  }

  async function loadWaiting() {
    const batch = waiting.splice(0, maxPerStatement)
    loadedAt = performance.now()
    isScheduled = false
    running++
    schedule()
    try {
      const values = await load(batch.map(({ key }) => key))
      for (const [index, { resolve }] of batch.entries()) resolve(values[index] as Value)
    } catch (error) {
      // While Postgres is unavailable, the waiting ones would fail too, after the same time again.
      const others = isUnavailable(error) ? waiting.splice(0) : []
      for (const { reject } of [...batch, ...others]) reject(error)
    } finally {
      running--
      schedule()
    }
  }

  return (key) =>
    new Promise((resolve, reject) => {
      waiting.push({ key, resolve, reject })
      schedule()
    })
}
