import { ArrowDown, ArrowUp } from 'lucide-react'
import {
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import type { PresenceState } from '../../sdk'
import { ListHeading } from './list-heading'
import { type RoomListRow, rowKey } from './list-rows'
import { type ListWindow, useListWindow } from './list-window'
import type { SectionName } from './room-order'
import { type MenuPlace, RoomRow } from './room-row'
import { useListHold, useUnreadHints } from './using-the-list'

interface RoomListProps {
  rows: readonly RoomListRow[]
  current: string | null
  /** Whether the other person is online, by direct room. */
  presence: ReadonlyMap<string, PresenceState>
  /** The rooms with a draft. */
  drafts: ReadonlySet<string>
  /** Buttons in the heading of a section. */
  actions: Partial<Record<SectionName, ReactNode>>
  /** Puts the focus on the first room. */
  focusFirst: RefObject<(() => void) | null>
  onOpen(room: string): void
  onMenu(place: MenuPlace): void
  onFold(section: SectionName, isFolded: boolean): void
  /** Told whether somebody is using the list. */
  onHold(isHeld: boolean): void
}

const emptyWords = { rooms: "You're not in any rooms yet.", direct: 'No direct messages yet.', favorites: '', unread: '' }

/** The rooms in their sections. Only what is visible is in the page: there may be thousands. */
export function RoomList({ rows, current, presence, drafts, actions, focusFirst, onOpen, onMenu, onFold, onHold }: RoomListProps) {
  const scroller = useRef<HTMLDivElement>(null)
  const list = useRef<ListWindow>(null)
  const [focused, setFocused] = useState<{ index: number } | null>(null)
  const [stopKey, setStopKey] = useState<string | null>(null)
  const hold = useListHold(onHold)
  const hints = useUnreadHints(list, rows, current)

  const indexOfKey = (key: string | null) => (key === null ? -1 : rows.findIndex((row) => rowKey(row) === key))
  const stop = [indexOfKey(stopKey), indexOfKey(current), rows.findIndex(({ kind }) => kind === 'room')].find((index) => index >= 0) ?? 0

  const latest = useRef(rows)
  latest.current = rows
  useEffect(() => {
    setStopKey(null)
    const index = latest.current.findIndex((row) => row.kind === 'room' && row.room.id === current)
    if (index >= 0) list.current?.scrollTo(index)
  }, [current])

  // After the row has been put into the page.
  useLayoutEffect(() => {
    if (focused)
      scroller.current?.querySelector<HTMLElement>(`[data-row="${focused.index}"] :is(a, button)`)?.focus({ preventScroll: true })
  }, [focused])

  function focusRow(index: number) {
    const row = rows[index]
    if (!row) return
    list.current?.scrollTo(index)
    if (row.kind === 'room') setStopKey(rowKey(row))
    setFocused({ index })
  }
  useImperativeHandle(focusFirst, () => () => focusRow(rows.findIndex(({ kind }) => kind === 'room')))

  function onKeyDown(event: KeyboardEvent) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
    const at = Number((event.target as Element).closest('[data-row]')?.getAttribute('data-row') ?? Number.NaN)
    if (Number.isNaN(at)) return
    const reachable = rows.flatMap(({ kind }, index) => (kind === 'room' || kind === 'heading' ? [index] : []))
    const place = reachable.indexOf(at)
    const next = { ArrowDown: reachable[place + 1], ArrowUp: reachable[place - 1], Home: reachable[0], End: reachable.at(-1) }[event.key]
    if (next === undefined) return
    event.preventDefault()
    focusRow(next)
  }

  const kept = useMemo(() => [stop, focused?.index ?? stop], [stop, focused])
  const shown = useListWindow({ scroller, rows, kept, onMove: hints.update })
  list.current = shown

  return (
    <div className="relative flex min-h-0 flex-1 flex-col" {...hold}>
      {hints.above && <UnreadHint {...hints.above} Icon={ArrowUp} className="top-1" onGo={focusRow} />}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the arrow keys move between the links in it */}
      <div ref={scroller} onKeyDown={onKeyDown} className="min-h-0 flex-1 overflow-y-auto px-2 pb-4">
        <ul>
          {shown.segments.map((segment) => {
            if (segment.kind === 'gap') return <Gap key={`gap ${segment.from}`} heightPx={segment.heightPx} />
            const row = rows[segment.index]
            return (
              row && (
                <ListItem key={rowKey(row)} row={row} index={segment.index}>
                  {renderRow(row, segment.index)}
                </ListItem>
              )
            )
          })}
        </ul>
      </div>
      {hints.below && <UnreadHint {...hints.below} Icon={ArrowDown} className="bottom-2" onGo={focusRow} />}
    </div>
  )

  function renderRow(row: RoomListRow, index: number): ReactNode {
    switch (row.kind) {
      case 'heading':
        return (
          <ListHeading {...row} onFold={onFold}>
            {actions[row.section]}
          </ListHeading>
        )
      case 'room':
        return (
          <RoomRow
            room={row.room}
            isCurrent={row.room.id === current}
            state={presence.get(row.room.id) ?? null}
            hasDraft={drafts.has(row.room.id)}
            isTabStop={index === stop}
            onOpen={onOpen}
            onMenu={onMenu}
          />
        )
      case 'empty':
        return <p className="px-2.5 py-1 text-faint text-sm">{emptyWords[row.section]}</p>
      case 'no-match':
        return (
          <p role="status" className="px-2.5 py-2 text-faint text-sm">
            No rooms match.
          </p>
        )
    }
  }
}

function ListItem({ row, index, children }: { row: RoomListRow; index: number; children: ReactNode }) {
  const place = row.kind === 'room' ? { 'aria-posinset': row.place, 'aria-setsize': row.size } : {}
  return (
    // Its margins must not collapse with those of its neighbours, which may be out of the page.
    <li data-row={index} className="flow-root" {...place}>
      {children}
    </li>
  )
}

/** The space of rows that are not in the page. */
function Gap({ heightPx }: { heightPx: number }) {
  const element = useRef<HTMLLIElement>(null)
  useLayoutEffect(() => {
    // Not as an attribute: the page's policy refuses those.
    if (element.current) element.current.style.height = `${heightPx}px`
  }, [heightPx])
  return <li ref={element} aria-hidden="true" />
}

interface UnreadHintProps {
  count: number
  index: number
  Icon: typeof ArrowUp
  className: string
  onGo(index: number): void
}

/** Unread rooms are out of sight: goes to the nearest. */
function UnreadHint({ count, index, Icon, className, onGo }: UnreadHintProps) {
  return (
    <div className={`pointer-events-none absolute inset-x-0 z-10 flex justify-center ${className}`}>
      <button
        type="button"
        onClick={() => onGo(index)}
        className="pointer-events-auto inline-flex min-h-9 items-center gap-1.5 rounded-full border border-line-strong bg-raised px-3 font-medium text-xs shadow-high hover:bg-hover mouse:min-h-7"
      >
        <Icon aria-hidden="true" className="size-3.5" />
        {count} unread
      </button>
    </div>
  )
}
