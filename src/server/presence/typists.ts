/** Who writes says so again every few seconds. Who has not for so long does not write any more. */
export const typingShownMs = 6_000
/** So many are named at once: of more, who came first. */
const maxShown = 20

/** Who is writing in a room. It fades by itself. */
export interface Typists {
  heard(userId: string, username: string): void
  stopped(userId: string): void
  /** Usernames. */
  names(): string[]
  close(): void
}

/** @param onChange somebody more, or somebody less */
export function createTypists(onChange: () => void, shownMs = typingShownMs): Typists {
  /** The one who was heard of longest ago first. */
  const typing = new Map<string, { username: string; until: number }>()
  let timer: NodeJS.Timeout | null = null

  function fadeLater() {
    const [next] = typing.values()
    if (timer || !next) return
    timer = setTimeout(
      () => {
        timer = null
        const now = performance.now()
        const before = typing.size
        for (const [userId, { until }] of typing) {
          if (until > now) break
          typing.delete(userId)
        }
        if (typing.size < before) onChange()
        fadeLater()
      },
      Math.max(1, next.until - performance.now()),
    )
  }

  return {
    heard: (userId, username) => {
      const isNew = !typing.delete(userId)
      typing.set(userId, { username, until: performance.now() + shownMs })
      fadeLater()
      if (isNew) onChange()
    },
    stopped: (userId) => {
      if (typing.size > 0 && typing.delete(userId)) onChange()
    },
    names: () => [...typing.values()].slice(0, maxShown).map(({ username }) => username),
    close: () => {
      if (timer) clearTimeout(timer)
      typing.clear()
    },
  }
}
