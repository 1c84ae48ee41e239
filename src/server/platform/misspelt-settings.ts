/** Beginnings and endings that only Roomline's variables have. With these, a name that is close to none is refused too. */
const ours =
  /^(MAX_(CONNECTIONS|SUBSCRIPTIONS)_PER_|(SENDS|LOGINS|REGISTRATIONS)_PER_|OIDC_|AUTH_(JWKS|ISSUER|AUDIENCE)|VAPID_|REDIS_SENTINEL)/

/** Kubernetes and Docker put such variables into a container for each service, whatever its name. */
const ofContainers = /_SERVICE_(HOST|PORT)(_|$)|_PORT_\d+_(TCP|UDP)(_|$)|_ENV_/

/** Other programs' variables that look like ours. */
const foreign = /^(OAUTH_|npm_|NEXT_)/

export interface Misspelt {
  name: string
  /** The setting that was probably meant, if one is close. */
  meant: string | undefined
}

/**
 * Finds variables that were probably meant for Roomline but have another name, such as ALOWED_ORIGINS, SENDS_PER_MIN,
 * web_port or AUTH_SECRET_FILE. A name of one word (HOST) is compared only as a whole: PORT and HOSTNAME are other programs'.
 */
export function findMisspelt(env: Record<string, string | undefined>, known: readonly string[]): Misspelt[] {
  return Object.keys(env)
    .filter((name) => !known.includes(name) && !foreign.test(name) && !ofContainers.test(name) && !isAddress(env[name]))
    .map((name) => ({ name, meant: known.find((setting) => isClose(name, setting)) }))
    .filter(({ name, meant }) => meant !== undefined || ours.test(name))
}

const isAddress = (value = '') => /^(tcp|udp):\/\//.test(value)

function isClose(name: string, setting: string): boolean {
  const words = wordsOf(name.toUpperCase().replace(/^ROOMLINE_/, ''))
  const wanted = wordsOf(setting)
  const [whole, wantedWhole] = [words.join(''), wanted.join('')]
  if (wanted.length === 1) return setting.length > 5 ? distance(whole, setting) <= 1 : isSwapped(whole, setting)
  if (whole === wantedWhole || whole === `${wantedWhole}FILE`) return true
  // One underscore too many or too few, and a slip beside it.
  if (wantedWhole.length >= 9 && distance(whole, wantedWhole) <= 1) return true
  if (areClose(words, wanted)) return true
  return wanted.length > 3 && wanted.some((_, missing) => areClose(words, wanted.toSpliced(missing, 1)))
}

const wordsOf = (name: string) => name.split(/[_.-]+/).filter((word) => word !== '')

function areClose(words: readonly string[], wanted: readonly string[]): boolean {
  return words.length === wanted.length && words.every((word, index) => isCloseWord(word, wanted[index] ?? ''))
}

/** A slip of the keyboard, an abbreviation (MIN for MINUTE), or another ending (PROXIES for PROXY). */
function isCloseWord(word: string, wanted: string): boolean {
  if (word === wanted) return true
  const [shorter, longer] = word.length < wanted.length ? [word, wanted] : [wanted, word]
  if (shorter.length < 3) return false
  if (wanted.startsWith(word)) return true
  if (distance(word, wanted) <= (shorter.length >= 7 ? 2 : 1)) return true
  let same = 0
  while (same < shorter.length && word[same] === wanted[same]) same++
  return same >= 4 && longer.length - same <= 3
}

function isSwapped(name: string, setting: string): boolean {
  return name.length === setting.length && distance(name, setting) === 1 && [...name].sort().join() === [...setting].sort().join()
}

/** The number of slips between two words: a letter too many, missing, wrong, or swapped with its neighbour. */
function distance(one: string, other: string): number {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, column) => column)]
  for (let row = 1; row <= one.length; row++) {
    const current = [row]
    const at = (back: number, column: number) => rows[row - back]?.[column] ?? 0
    for (let column = 1; column <= other.length; column++) {
      const differs = one[row - 1] === other[column - 1] ? 0 : 1
      const swapped = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      const slip = Math.min(at(1, column) + 1, (current[column - 1] ?? 0) + 1, at(1, column - 1) + differs)
      current.push(swapped ? Math.min(slip, at(2, column - 2) + 1) : slip)
    }
    rows.push(current)
  }
  return rows[one.length]?.[other.length] ?? 0
}
