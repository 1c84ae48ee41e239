import { Failure } from '../../contract/failures'
import { hasCode, hasLink } from '../../contract/markdown/mentions'
import type { SearchHit, SearchInput, SearchPage } from '../../contract/message'
import { cutQuote } from '../../contract/rules'
import type { TestCall } from './procedure'
import { requireRight } from './stored-room'
import { showMessage } from './views'
import { foldWords, type StoredMessage, type StoredRoom } from './world'

interface Wanted {
  text: string
  isPhrase: boolean
}

/**
 * Finds words, beginnings of words and "phrases", and leaves out -words. The real server does the same and more: it knows
 * scripts without spaces, addresses and folded letters of every kind.
 */
export function searchStored({ world, account, path }: TestCall, input: SearchInput): SearchPage {
  const { room: roomId, author, after, before, has, limit, cursor } = input
  const { wanted, unwanted } = readQuery(input)
  const rooms = roomId === undefined ? world.roomsOf(account.id) : [memberRoom()]
  const authorId = author === undefined ? null : world.findPerson(author)?.id
  if (authorId === undefined) return { hits: [], cursor: null }

  function memberRoom(): StoredRoom {
    const { room, standing } = requireRight(world, path, roomId ?? '', account)
    if (standing.room !== null) return room
    throw new Failure(standing.sees ? 'NOT_A_MEMBER' : 'ROOM_NOT_FOUND')
  }

  const isInTime = ({ time }: StoredMessage) =>
    (after === undefined || time >= Date.parse(after)) && (before === undefined || time < Date.parse(before))
  const isHit = ({ text }: StoredMessage) => {
    if (has === 'file' || (has === 'link' && !hasLink(text)) || (has === 'code' && !hasCode(text))) return false
    return wanted.every((each) => findIn(text, each).length > 0) && unwanted.every((each) => findIn(text, each).length === 0)
  }
  const found = rooms
    .flatMap((room) => room.messages.map((message) => ({ room, message })))
    .filter(({ message }) => message.kind === 'text' && message.deletedAt === null && (authorId === null || message.authorId === authorId))
    .filter(({ message }) => isInTime(message) && isHit(message))
    .sort((a, b) => b.message.time - a.message.time || Number(b.room.id > a.room.id) || b.message.seq - a.message.seq)
  const from = cursor === undefined ? 0 : found.findIndex(({ room, message }) => cursorOf(room, message) === cursor) + 1
  const page = found.slice(from, from + limit)
  const last = page.at(-1)
  return {
    hits: page.map(({ room, message }): SearchHit => {
      const excerpt = cutQuote(message.text)
      return { message: showMessage(world, room, message), excerpt, marks: wanted.flatMap((each) => findIn(excerpt, each)) }
    }),
    cursor: last && from + limit < found.length ? cursorOf(last.room, last.message) : null,
  }
}

const cursorOf = ({ id }: StoredRoom, { seq }: StoredMessage) => `${id} ${seq}`

function readQuery({ query, room, author, after, before, has }: SearchInput): { wanted: Wanted[]; unwanted: Wanted[] } {
  const tokens = [...query.matchAll(/(-?)(?:"([^"]*)"|(\S+))/g)].flatMap(([, minus, phrase, word]) => {
    const text = foldWords((phrase ?? word ?? '').trim())
    return /[\p{L}\p{N}]/u.test(text) ? [{ text, isPhrase: phrase !== undefined, isUnwanted: minus === '-' }] : []
  })
  const wanted = tokens.filter(({ isUnwanted }) => !isUnwanted)
  const unwanted = tokens.filter(({ isUnwanted }) => isUnwanted)
  const isFiltered = [room, author, after, before, has].some((filter) => filter !== undefined)
  if (wanted.length === 0 && (unwanted.length > 0 || !isFiltered))
    throw new Failure('BAD_REQUEST', { fields: { query: 'must have something to look for' } })
  return { wanted, unwanted }
}

/** Where it is in a text: where a word begins, and for a phrase where one ends too. */
function findIn(text: string, { text: wanted, isPhrase }: Wanted): SearchHit['marks'] {
  const folded = foldWords(text)
  // Folding that changes the length would move the marks.
  const searched = folded.length === text.length ? folded : text.toLowerCase()
  const marks: SearchHit['marks'] = []
  for (let at = searched.indexOf(wanted); at >= 0; at = searched.indexOf(wanted, at + 1)) {
    const begins = at === 0 || !/[\p{L}\p{N}]/u.test(searched.charAt(at - 1))
    const end = at + wanted.length
    const ends = !isPhrase || !/[\p{L}\p{N}]/u.test(searched.charAt(end))
    if (begins && ends) marks.push([at, end])
  }
  return marks
}
