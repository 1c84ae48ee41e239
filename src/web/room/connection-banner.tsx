import { useEffect, useState } from 'react'
import type { ConnectionStatus } from '../../sdk'
import { useEver } from '../ui/last-known'

const graceMs = 1_200

/** Shows that the connection is lost, and why if that is known. Short interruptions are not shown. */
export function ConnectionBanner({ status }: { status: ConnectionStatus }) {
  const [shows, setShows] = useState(false)
  const hadConnection = useEver(status.state === 'connected')
  const isAway = status.state === 'connecting'

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

/** Only reasons that help the user: that the server is reachable but cannot serve them. */
function describe(status: ConnectionStatus): string {
  const error = status.state === 'connecting' ? status.lastError : null
  return error && error.name !== 'DISCONNECTED' && error.name !== 'TIMED_OUT' ? error.words : ''
}
