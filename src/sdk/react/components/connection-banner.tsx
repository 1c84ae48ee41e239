import { type ReactNode, useEffect, useState } from 'react'
import type { ConnectionStatus } from '../../connection/status'
import { useConnection } from '../chat-provider'
import { joinClasses } from './class-names'

/** Shorter interruptions are not shown, in milliseconds. */
const graceMs = 1_200

/**
 * Says when the connection is lost, and when the chat has ended, with a button to connect again. Otherwise it is empty.
 * Its `data-state` is the state of the connection.
 * @example <ConnectionBanner className="banner" />
 */
export function ConnectionBanner({ className }: { className?: string }): ReactNode {
  const { status, reopen } = useConnection()
  const isConnecting = status.state === 'connecting'
  const [isLong, setLong] = useState(false)
  useEffect(() => {
    if (!isConnecting) return setLong(false)
    const timer = setTimeout(() => setLong(true), graceMs)
    return () => clearTimeout(timer)
  }, [isConnecting])
  const words = isConnecting && !isLong ? '' : wordsOf(status)
  return (
    <div role="status" className={joinClasses('roomline-connection', className)} data-state={status.state} data-shown={words !== ''}>
      {words}
      {(status.state === 'signed-out' || status.state === 'refused') && (
        <button type="button" onClick={reopen}>
          Try again
        </button>
      )}
    </div>
  )
}

function wordsOf(status: ConnectionStatus): string {
  switch (status.state) {
    case 'connected':
    case 'closed':
      return ''
    case 'signed-out':
    case 'refused':
      return status.reason.words
    case 'connecting': {
      const { lastError } = status
      // Only what helps: that the server is there, but cannot serve this chat now.
      const isLost = !lastError || lastError.name === 'DISCONNECTED' || lastError.name === 'TIMED_OUT'
      return isLost ? 'Connecting…' : `Connecting… ${lastError.words}`
    }
  }
}
