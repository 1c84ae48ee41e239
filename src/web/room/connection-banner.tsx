import { useEffect, useState } from 'react'
import type { ConnectionStatus } from '../../sdk'

const graceMs = 1_200

/** Says that the connection is away, and why where that is known, once it takes longer than a blink. */
export function ConnectionBanner({ status }: { status: ConnectionStatus }) {
  const [shows, setShows] = useState(false)
  const [hadConnection, setHadConnection] = useState(false)
  const isAway = status.state === 'connecting'
  if (status.state === 'connected' && !hadConnection) setHadConnection(true)

  useEffect(() => {
    if (!isAway) return setShows(false)
    const timer = setTimeout(() => setShows(true), graceMs)
    return () => clearTimeout(timer)
  }, [isAway])

  return (
    <div role="status">
      {shows && (
        <p className="flex items-center justify-center gap-2.5 bg-spark-soft px-4 py-1.5 text-sm">
          <span aria-hidden="true" className="skeleton size-2 shrink-0 rounded-full bg-spark!" />
          {[hadConnection ? 'Reconnecting…' : 'Connecting…', describe(status), "Messages you write are sent once you're connected."]
            .filter(Boolean)
            .join(' ')}
        </p>
      )}
    </div>
  )
}

/** What a reader can make something of: that the server is there, and cannot serve anybody now. */
function describe(status: ConnectionStatus): string {
  const error = status.state === 'connecting' ? status.lastError : null
  return error && error.name !== 'DISCONNECTED' && error.name !== 'TIMED_OUT' ? error.words : ''
}
