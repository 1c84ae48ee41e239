import { useCallback, useRef, useState } from 'react'
import type { RoomHandle } from '../../../sdk'
import { Button } from '../../ui/button'
import { Mark } from '../../ui/mark'

/** Stands above the first message of a room, and alone in an empty one. */
export function RoomBeginning({ name, topic, isEmpty }: { name: string; topic: string; isEmpty: boolean }) {
  return (
    <div className="px-4 pt-10 pb-2 md:px-6">
      <Mark className="mb-4 size-11" />
      <p className="font-semibold text-xl tracking-tight" dir="auto">
        This is where {name} begins
      </p>
      {topic && (
        <p className="mt-1 max-w-prose text-soft [overflow-wrap:anywhere]" dir="auto">
          {topic}
        </p>
      )}
      {isEmpty && <p className="mt-1 text-soft">Nobody has said anything yet. Somebody has to be first.</p>}
    </div>
  )
}

/** One page at a time; after a failure only when asked. */
export function useOlderMessages(handle: RoomHandle, hasBefore: boolean) {
  const [state, setState] = useState<'idle' | 'loading' | 'failed'>('idle')
  const isBusy = useRef(false)

  const load = useCallback(async () => {
    if (isBusy.current) return
    isBusy.current = true
    setState('loading')
    try {
      await handle.loadOlder()
      isBusy.current = false
      setState('idle')
    } catch {
      setState('failed')
    }
  }, [handle])

  return {
    state,
    loadMore: () => {
      if (hasBefore) void load()
    },
    retry: () => {
      isBusy.current = false
      void load()
    },
  }
}

export function OlderMessages({ state, retry }: { state: 'idle' | 'loading' | 'failed'; retry: () => void }) {
  return (
    <div className="flex h-14 shrink-0 items-center justify-center gap-3 text-faint text-sm">
      {state === 'failed' ? (
        <>
          The older messages did not come.
          <Button look="outline" onClick={retry}>
            Try again
          </Button>
        </>
      ) : (
        <span className="late">Loading older messages…</span>
      )}
    </div>
  )
}
