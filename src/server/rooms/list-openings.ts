interface Opening<List> {
  list: List
  /** The rooms still to read; null until they are known. */
  rooms: string[] | null
  resolve(): void
  reject(error: unknown): void
}

interface OpeningsParts<List extends { userId: string }> {
  /** Whether anybody still waits for the list. */
  isWanted(list: List): boolean
  /** The ids of the rooms in these people's lists, by person. */
  roomsOf(userIds: readonly string[]): Promise<Map<string, string[]>>
  /** Reads the own parts of these pairs into their lists. */
  readPairs(pairs: readonly { list: List; room: string }[]): Promise<void>
  /** The rooms of the list are known, and are about to be read. */
  onRooms(list: List, rooms: string[]): void
}

/** More would only make the first ones wait, and Postgres compile the statement, which takes longer than to run it. */
const peoplePerStatement = 50
const pairsPerStatement = 500
/** How many rooms of one list are read before it is another list's turn, when many are waiting. */
const roomsPerTurn = 100
/** More at once would not be quicker, and calls would wait for connections. */
const maxRunning = 3

/**
 * Opens lists: people who connect at the same time share statements, and those with few rooms do not wait for those with many.
 * @returns a function that resolves when the list has been read
 */
export function createListOpenings<List extends { userId: string }>(parts: OpeningsParts<List>): (list: List) => Promise<void> {
  const waiting: Opening<List>[] = []
  let running = 0

  function schedule() {
    while (running < maxRunning && waiting.length > 0) {
      running++
      void runNext().finally(() => {
        running--
        schedule()
      })
    }
  }

  async function runNext(): Promise<void> {
    for (const opening of waiting.filter(({ list }) => !parts.isWanted(list))) {
      take([opening])
      opening.resolve()
    }
    if (waiting.length === 0) return
    const unknown = waiting.filter(({ rooms }) => rooms === null).slice(0, peoplePerStatement)
    await (unknown.length > 0 ? findRooms(unknown) : readRooms())
  }

  function take(openings: readonly Opening<List>[]) {
    for (const opening of openings) waiting.splice(waiting.indexOf(opening), 1)
  }

  async function findRooms(openings: Opening<List>[]) {
    take(openings)
    await attempt(openings, async () => {
      const found = await parts.roomsOf(openings.map(({ list }) => list.userId))
      for (const opening of openings) {
        opening.rooms = [...(found.get(opening.list.userId) ?? [])]
        parts.onRooms(opening.list, opening.rooms)
      }
    })
  }

  async function readRooms() {
    const turns: Opening<List>[] = []
    const pairs: { list: List; room: string }[] = []
    const perTurn = Math.max(roomsPerTurn, Math.floor(pairsPerStatement / waiting.length))
    while (waiting.length > 0 && pairs.length < pairsPerStatement) {
      const opening = waiting.shift()
      if (!opening) break
      turns.push(opening)
      for (const room of opening.rooms?.splice(0, perTurn) ?? []) pairs.push({ list: opening.list, room })
    }
    await attempt(turns, () => parts.readPairs(pairs))
  }

  /** Those that are not ready afterwards wait for their next turn. */
  async function attempt(openings: readonly Opening<List>[], work: () => Promise<void>) {
    try {
      await work()
    } catch (error) {
      for (const { reject } of openings) reject(error)
      return
    }
    for (const opening of openings) {
      if (opening.rooms?.length === 0) opening.resolve()
      else waiting.push(opening)
    }
  }

  return (list) =>
    new Promise((resolve, reject) => {
      waiting.push({ list, rooms: null, resolve, reject })
      schedule()
    })
}
