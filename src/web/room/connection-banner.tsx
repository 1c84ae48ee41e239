import { useEffect, useState } from 'react'
import type { ConnectionStatus } from '../../sdk'

const graceMs = 1_200

/** Says that the connection is away, once that takes longer than a blink. */
export function ConnectionBanner({ status }: { status: ConnectionStatus }) {
  const isAway = status === 'connecting'
  const [shows, setShows] = useState(false)
  useEffect(() => {
    if (!isAway) return setShows(false)
    const timer = setTimeout(() => setShows(true), graceMs)
    return () => clearTimeout(timer)
  }, [isAway])

  return (
    <div role="status">
      {shows && (
        <p className="flex items-center justify-center gap-2.5 bg-spark-soft px-4 py-1.5 text-sm">
          <span aria-hidden="true" className="skeleton size-2 rounded-full bg-spark!" />
          Reconnecting… What you write is sent as soon as the connection is back.
        </p>
      )}
    </div>
  )
}
