import { Command } from 'cmdk'
import { type RefObject, useEffect, useRef } from 'react'
import type { Room, SearchHit } from '../../sdk'
import { RoomIcon } from '../rooms/room-mark'
import { Avatar } from '../ui/avatar'
import { Button } from '../ui/button'
import { formatDay, formatFull } from '../ui/times'
import type { FoundMessages } from './found-messages'
import { splitMarks } from './marked-text'
import { groupLook, itemLook } from './palette-looks'

interface MessageHitsProps {
  hits: readonly SearchHit[]
  rooms: ReadonlyMap<string, Room>
  onOpen(hit: SearchHit): void
}

/** The messages that were found, as options of the palette's list. */
export function MessageHits({ hits, rooms, onOpen }: MessageHitsProps) {
  if (hits.length === 0) return null
  return (
    <Command.Group heading="Messages" className={groupLook}>
      {hits.map((hit) => (
        <Command.Item key={hitValue(hit)} value={hitValue(hit)} onSelect={() => onOpen(hit)} className={`${itemLook} items-start! py-2!`}>
          <Hit hit={hit} room={rooms.get(hit.message.room)} />
        </Command.Item>
      ))}
    </Command.Group>
  )
}

/** Below the messages that were found: whether there are more, and what went wrong. Reaching it loads more. */
export function EndOfHits({
  hits,
  isSearching,
  hasMore,
  pages,
  failure,
  scroller,
  loadMore,
  retry,
}: FoundMessages & { scroller: RefObject<HTMLElement | null> }) {
  const end = useRef<HTMLDivElement>(null)
  const latest = useRef(loadMore)
  latest.current = loadMore

  // biome-ignore lint/correctness/useExhaustiveDependencies: watched anew after each page, because the end may still be visible
  useEffect(() => {
    if (!hasMore || failure || !end.current) return
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && latest.current(), {
      root: scroller.current,
      rootMargin: '300px',
    })
    observer.observe(end.current)
    return () => observer.disconnect()
  }, [hasMore, failure, pages, scroller])

  return (
    <>
      {failure && (
        <div role="alert" className="flex flex-wrap items-center gap-3 px-5 py-3 text-danger text-sm">
          <span className="min-w-0 flex-1 basis-48">{failure.words}</span>
          <Button look="outline" onClick={retry}>
            Try again
          </Button>
        </div>
      )}
      <div ref={end} role="status" className="px-5 text-faint text-sm">
        {!failure && isSearching && <p className="late py-3">Searching…</p>}
        {!failure && !isSearching && !hasMore && hits?.length === 0 && (
          <p className="py-3">No messages found. Try fewer words, or remove a filter.</p>
        )}
        {!failure && !isSearching && hits && hits.length > 0 && (
          <p className="sr-only">{`${hits.length}${hasMore ? ' or more' : ''} ${hits.length === 1 ? 'message' : 'messages'} found`}</p>
        )}
      </div>
    </>
  )
}

const hitValue = ({ message }: SearchHit) => `message ${message.room} ${message.seq}`

function Hit({ hit: { message, excerpt, marks }, room }: { hit: SearchHit; room: Room | undefined }) {
  const { author, time } = message
  return (
    <>
      <Avatar {...author} className="mt-0.5 size-8!" />
      <div className="min-w-0 flex-1">
        <p className="flex items-baseline gap-2">
          <bdi className="min-w-0 truncate text-left font-medium text-sm">{author.displayName}</bdi>
          <span className="flex min-w-0 flex-1 items-center gap-1 text-faint text-xs in-data-[selected=true]:text-soft">
            {room && <RoomIcon kind={room.kind} className="size-3 shrink-0" />}
            <bdi className="min-w-0 truncate text-left">{room?.name ?? 'Archived room'}</bdi>
          </span>
          <time dateTime={time} title={formatFull(time)} className="shrink-0 text-faint text-xs in-data-[selected=true]:text-soft">
            {formatDay(new Date(time))}
          </time>
        </p>
        <p dir="auto" className="line-clamp-2 text-sm text-soft [overflow-wrap:anywhere]">
          {splitMarks(excerpt, marks).map(({ text, isMark }, index) =>
            isMark ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: the parts of an excerpt have no other identity
              <mark key={index} className="rounded-[3px] bg-spark-soft font-semibold text-ink">
                {text}
              </mark>
            ) : (
              text
            ),
          )}
        </p>
      </div>
    </>
  )
}
