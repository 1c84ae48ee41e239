import { useCallback, useRef, useState } from 'react'
import type { RoomHandle } from '../../sdk'
import { Button } from '../ui/button'

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
