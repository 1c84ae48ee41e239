/** A client repeats its typing signal every few seconds. After this long without one, the person is no longer typing. */
export const typingShownMs = 6_000
/** At most this many people are named at once. */
const maxShown = 20

/** Who is typing in a room. Each entry expires by itself. */
export interface TypingUsers {
  add(userId: string, username: string): void
  remove(userId: string): void
  /** Usernames. */
  names(): string[]
  close(): void
}

/** @param onChange called when somebody starts or stops typing */
export function createTypingUsers(onChange: () => void, shownMs = typingShownMs): TypingUsers {
  /** The least recent signal first. */
  const typing = new Map<string, { username: string; until: number }>()
  let timer: NodeJS.Timeout | null = null

  function scheduleExpiry() {
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
        scheduleExpiry()
      },
      Math.max(1, next.until - performance.now()),
    )
  }

  return {
    add: (userId, username) => {
      const isNew = !typing.delete(userId)
      typing.set(userId, { username, until: performance.now() + shownMs })
      scheduleExpiry()
      if (isNew) onChange()
    },
    remove: (userId) => {
      if (typing.size > 0 && typing.delete(userId)) onChange()
    },
    names: () => [...typing.values()].slice(0, maxShown).map(({ username }) => username),
    close: () => {
      if (timer) clearTimeout(timer)
      typing.clear()
    },
  }
}
