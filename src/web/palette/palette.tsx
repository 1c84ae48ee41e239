import { Command } from 'cmdk'
import { CornerDownLeft, History, type LucideIcon, Search, X } from 'lucide-react'
import * as Radix from 'radix-ui/dialog'
import { type KeyboardEvent, type RefObject, useLayoutEffect, useRef, useState } from 'react'
import { limits as bounds } from '../../contract/rules'
import type { Chat, Room, SearchHit } from '../../sdk'
import { goToMessage } from '../navigation'
import { type PersonName, usePeopleSearch } from '../people/people-search'
import { isUnread } from '../rooms/list-rows'
import { RoomMark } from '../rooms/room-mark'
import { FailureLine, useAct } from '../ui/act'
import { Avatar } from '../ui/avatar'
import { IconButton } from '../ui/button'
import { useReturnFocus } from '../ui/dialog'
import { keepLayerEntry, useLayer } from '../ui/layers'
import '../ui/style-nonce'
import { withQueries } from '../ui/queries'
import { useFoundMessages } from './found-messages'
import { bestMatches } from './fuzzy'
import { LimitButtons, LimitChips, limitWords } from './limit-chips'
import { EndOfSuggestions, LimitSuggestions } from './limit-suggestions'
import { EndOfHits, MessageHits } from './message-hits'
import { groupLook, itemLook } from './palette-looks'
import type { RecentSearch, RecentSearches } from './recent-searches'
import { findTypedLimit, isSearch, type LimitName, limitNames, type SearchLimits, takeLimits } from './search-filters'
import type { TypedAhead } from './typed-ahead'

/** Something that can be done from everywhere. */
export interface PaletteAction {
  words: string
  Icon: LucideIcon
  run(): void
}

/** What the palette shows, so that it can be shown again as it was. */
export interface PaletteState {
  text: string
  limits: SearchLimits
  selected: string
  scrollTop: number
}

interface PaletteProps {
  client: Chat
  me: string
  /** The one with the newest message first. */
  rooms: readonly Room[]
  current: string | null
  actions: readonly PaletteAction[]
  recent: RecentSearches
  /** Where it was left, and where it is written down. */
  kept: RefObject<PaletteState | null>
  typedAhead: TypedAhead
  onRoom(room: string): void
  onPerson(username: string): Promise<void>
  onClose(): void
}

/** One field for rooms, people, actions and messages. It fills the screen of a phone. */
function Palette({ client, me, rooms, current, actions, recent, kept, typedAhead, onRoom, onPerson, onClose }: PaletteProps) {
  const [before] = useState(kept.current)
  const [text, setText] = useState(before?.text ?? '')
  const [limits, setLimits] = useState<SearchLimits>(before?.limits ?? {})
  const [selected, setSelected] = useState(before?.selected ?? '')
  const input = useRef<HTMLInputElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const scrollTop = useRef(before?.scrollTop ?? 0)
  const { failure, run } = useAct()
  const returnFocus = useReturnFocus()
  useLayer(onClose, 'search')

  const typed = findTypedLimit(text)
  const hasLimits = Object.keys(limits).length > 0
  const words = text.trim()
  const found = useFoundMessages(client, typed ? text.slice(0, typed.at) : text, limits)
  const wantedPerson = typed?.name === 'from' ? typed.value.replace(/^@/, '') : hasLimits || typed ? '' : words.replace(/^@/, '')
  const people = usePeople(client, wantedPerson, rooms, me)
  const roomsById = new Map(rooms.map((room) => [room.id, room]))
  const nameOfRoom = (room: string) => roomsById.get(room)?.name ?? room

  kept.current = { text, limits, selected, scrollTop: scrollTop.current }

  const edit = useRef(onEdit)
  edit.current = onEdit
  // As soon as the field is there. It gets the focus a moment later.
  useLayoutEffect(() => typedAhead.onEdit((change) => edit.current(change)), [typedAhead])

  const isSearching = !typed && isSearch(text, limits)
  const isEmpty = words === '' && !hasLimits
  const shownRooms = typed || hasLimits ? [] : isEmpty ? suggestRooms(rooms, current) : bestMatches(rooms, words, 5, namesOfRoom)
  const shownPeople = typed || isEmpty || hasLimits ? [] : people.filter(({ username }) => username !== me).slice(0, 4)
  const shownActions = typed || hasLimits ? [] : isEmpty ? actions : bestMatches(actions, words, 3, (action) => [action.words])
  const searches = isEmpty && !typed ? recent.list() : []

  function type(next: string) {
    const taken = takeLimits(next, rooms)
    setText(taken.text)
    setLimits({ ...limits, ...taken.limits })
    // The first of what is found now, and from the top.
    setSelected('')
    if (list.current) list.current.scrollTop = 0
  }

  function onEdit(change: (text: string) => string) {
    type(change(text).slice(0, bounds.messageQuery))
  }

  function startLimit(name: LimitName) {
    type(`${text}${text === '' || /\s$/.test(text) ? '' : ' '}${name}:`)
    input.current?.focus()
  }

  function pickLimit(picked: SearchLimits) {
    setLimits({ ...limits, ...picked })
    setText(typed ? text.slice(0, typed.at) : text)
    setSelected('')
    input.current?.focus()
  }

  function removeLimit(name: LimitName) {
    const { [name]: _, ...rest } = limits
    setLimits(rest)
    input.current?.focus()
  }

  function onKeyDown(event: KeyboardEvent) {
    const last = limitNames.findLast((name) => limits[name] !== undefined)
    if (event.key === 'Backspace' && text === '' && last) removeLimit(last)
  }

  function openHit({ message }: SearchHit) {
    recent.add({ query: words, limits })
    keepLayerEntry()
    goToMessage(message.room, message.seq)
    onClose()
  }

  return (
    <Radix.Root open onOpenChange={(open) => open || onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="veil fixed inset-0 z-30 bg-veil" />
        <Radix.Content
          aria-describedby={undefined}
          onCloseAutoFocus={returnFocus}
          onOpenAutoFocus={(event) => {
            event.preventDefault()
            input.current?.focus({ preventScroll: true })
            if (before && list.current) list.current.scrollTop = before.scrollTop
          }}
          className="dialog fixed inset-0 z-30 flex flex-col bg-raised outline-none md:inset-x-auto md:top-[9vh] md:bottom-auto md:left-[calc(50%-min(21rem,48vw))] md:max-h-[78vh] md:w-[min(42rem,96vw)] md:rounded-l md:border md:border-line md:shadow-high"
        >
          <Radix.Title className="sr-only">Search</Radix.Title>
          <Command
            shouldFilter={false}
            loop
            label="Search"
            value={selected}
            onValueChange={setSelected}
            onKeyDown={onKeyDown}
            className="flex min-h-0 flex-1 flex-col"
          >
            <div className="flex shrink-0 items-center gap-2 border-line border-b pr-2 pl-4 md:pl-5">
              <Search aria-hidden="true" className="size-[1.125rem] shrink-0 text-faint" />
              <Command.Input
                ref={input}
                dir="auto"
                value={text}
                maxLength={bounds.messageQuery}
                onValueChange={type}
                aria-label="Search messages, rooms, people and actions"
                placeholder="Search messages, rooms, people…"
                className="h-14 min-w-0 flex-1 bg-transparent text-[1rem] text-ink outline-none placeholder:text-faint"
              />
              <IconButton label="Close" onClick={onClose}>
                <X />
              </IconButton>
            </div>
            <div className="shrink-0">
              <LimitChips limits={limits} nameOfRoom={nameOfRoom} onRemove={removeLimit} />
              <LimitButtons limits={limits} onStart={startLimit} />
              <FailureLine failure={failure} className="mx-3 mt-2" />
            </div>
            <div
              ref={list}
              data-results=""
              onScroll={({ currentTarget }) => {
                scrollTop.current = currentTarget.scrollTop
                if (kept.current) kept.current.scrollTop = currentTarget.scrollTop
              }}
              className="min-h-0 flex-1 overflow-y-auto overscroll-contain pt-1 pb-[max(0.5rem,env(safe-area-inset-bottom))]"
            >
              <Command.List label="Results">
                {typed && <LimitSuggestions typed={typed} rooms={rooms} people={people} onPick={pickLimit} />}
                {searches.length > 0 && (
                  <Command.Group heading="Recent searches" className={groupLook}>
                    {searches.map((search) => (
                      <Command.Item
                        key={JSON.stringify(search)}
                        value={`recent ${JSON.stringify(search)}`}
                        onSelect={() => {
                          setText(search.query)
                          setLimits(search.limits)
                          setSelected('')
                        }}
                        className={itemLook}
                      >
                        <History aria-hidden="true" />
                        <bdi className="min-w-0 truncate text-left">{recentWords(search, nameOfRoom)}</bdi>
                      </Command.Item>
                    ))}
                  </Command.Group>
                )}
                {shownRooms.length > 0 && (
                  <Command.Group heading="Rooms" className={groupLook}>
                    {shownRooms.map((room) => (
                      <Command.Item key={room.id} value={`room ${room.id}`} onSelect={() => onRoom(room.id)} className={itemLook}>
                        <RoomMark kind={room.kind} people={room.people} />
                        <bdi className="min-w-0 flex-1 truncate text-left">{room.name}</bdi>
                        {isUnread(room) && <span className="shrink-0 font-semibold text-soft text-xs">Unread</span>}
                        <CornerDownLeft aria-hidden="true" className="invisible in-data-[selected=true]:visible" />
                      </Command.Item>
                    ))}
                  </Command.Group>
                )}
                {shownPeople.length > 0 && (
                  <Command.Group heading="People" className={groupLook}>
                    {shownPeople.map((person) => (
                      <Command.Item
                        key={person.username}
                        value={`person ${person.username}`}
                        onSelect={() => run(() => onPerson(person.username))}
                        className={itemLook}
                      >
                        <Avatar {...person} className="size-6! rounded-s! text-[0.625rem]!" />
                        <bdi className="min-w-0 truncate text-left">{person.displayName}</bdi>
                        <span className="min-w-0 truncate text-faint text-xs in-data-[selected=true]:text-soft">@{person.username}</span>
                      </Command.Item>
                    ))}
                  </Command.Group>
                )}
                {shownActions.length > 0 && (
                  <Command.Group heading="Actions" className={groupLook}>
                    {shownActions.map(({ words: name, Icon, run: act }) => (
                      <Command.Item key={name} value={`action ${name}`} onSelect={act} className={itemLook}>
                        <Icon aria-hidden="true" />
                        {name}
                      </Command.Item>
                    ))}
                  </Command.Group>
                )}
                {isSearching && <MessageHits hits={found.hits ?? []} rooms={roomsById} onOpen={openHit} />}
              </Command.List>
              {typed && <EndOfSuggestions typed={typed} rooms={rooms} people={people} onPick={pickLimit} />}
              {isSearching && <EndOfHits {...found} scroller={list} />}
            </div>
          </Command>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

const namesOfRoom = ({ name, people }: Room) => [name, ...people.map(({ username }) => username)]

/** Where somebody is likely to go: to what is unread, then to where something was written last. */
function suggestRooms(rooms: readonly Room[], current: string | null): readonly Room[] {
  const others = rooms.filter(({ id }) => id !== current)
  return [...others.filter(isUnread), ...others.filter((room) => !isUnread(room))].slice(0, 5)
}

const recentWords = ({ query, limits }: RecentSearch, nameOfRoom: (room: string) => string): string =>
  [...limitNames.flatMap((name) => (limits[name] === undefined ? [] : [`${name}: ${limitWords(name, limits[name], nameOfRoom)}`])), query]
    .filter(Boolean)
    .join('  ')

/** People who match; those of the person's direct rooms when nothing is typed. */
function usePeople(client: Chat, query: string, rooms: readonly Room[], me: string): readonly PersonName[] {
  const found = usePeopleSearch({
    query: query === '' ? null : query.slice(0, bounds.peopleQuery),
    queryKey: ['people'],
    search: async (part) => (await client.trpc.users.search.query({ query: part, limit: 8 })).users,
  })
  if (found !== null) return found
  if (query !== '') return []
  const known = rooms.flatMap(({ people }) => people)
  return [...new Map(known.map((person) => [person.username, person])).values()].filter(({ username }) => username !== me).slice(0, 8)
}

export default withQueries(Palette)
