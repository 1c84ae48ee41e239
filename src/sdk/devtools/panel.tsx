'use client'

import { type ReactNode, useEffect, useState } from 'react'
import type { Chat } from '../chat'
import { inspect } from '../inspection'
import { useStore } from '../react/selected'
import { emptyLog, withFrame } from './frames'

const sheet = `
[data-roomline=devtools] section { position: fixed; inset: auto 0 0 0; z-index: 99999; max-height: 45vh; overflow: auto;
  padding: 8px 12px 12px; background: #16181d; color: #e8eaf0; font: 12px/1.5 ui-monospace, monospace; border-top: 2px solid #4f7cff; }
[data-roomline=devtools] section button, [data-roomline=devtools] section label { margin-right: 12px; }
[data-roomline=devtools] h2 { margin: 8px 0 2px; font-size: 12px; color: #9db4ff; }
[data-roomline=devtools] td { padding: 0 12px 0 0; vertical-align: top; }
[data-roomline=devtools] td:last-child { white-space: pre-wrap; overflow-wrap: anywhere; }
`

/** Without a style element or attribute, which a page's content policy may refuse. */
function useSheet() {
  useEffect(() => {
    const style = new CSSStyleSheet()
    style.replaceSync(sheet)
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, style]
    return () => {
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((each) => each !== style)
    }
  }, [])
}

export default function Panel({ chat, onClose }: { chat: Chat; onClose(): void }): ReactNode {
  useSheet()
  const { onFrame, unsent, isCut, cut } = inspect(chat)
  const status = useStore(chat.connection)
  const waiting = useStore(unsent)
  const isConnectionCut = useStore(isCut)
  const [isPaused, setPaused] = useState(false)
  const [log, setLog] = useState(emptyLog)
  useEffect(() => {
    if (!isPaused) return onFrame((frame) => setLog((before) => withFrame(before, frame)))
  }, [onFrame, isPaused])

  return (
    <section aria-label="Roomline devtools">
      <button type="button" onClick={onClose}>
        Close
      </button>
      <label>
        <input type="checkbox" checked={isConnectionCut} onChange={(event) => cut(event.target.checked)} /> Cut the connection
      </label>
      <label>
        <input type="checkbox" checked={isPaused} onChange={(event) => setPaused(event.target.checked)} /> Pause
      </label>
      <button type="button" onClick={() => setLog(({ streams }) => ({ ...emptyLog, streams }))}>
        Clear
      </button>
      <h2>Connection</h2>
      <div role="status">
        {status.state}
        {'attempt' in status && `, attempt ${status.attempt}${status.lastError ? `: ${status.lastError.name}` : ''}`}
        {'reason' in status && `: ${status.reason.name}`}
      </div>
      <h2>Outbox ({waiting.length})</h2>
      <Rows rows={waiting.map(({ clientId, room, state, text }) => [clientId, room, state, text])} />
      <h2>Subscriptions ({log.streams.length}, since this was opened)</h2>
      <Rows
        rows={log.streams.map(({ id, path, cursor, events, input }) => [
          String(id),
          path,
          `cursor ${cursor ?? '–'}`,
          `${events} events`,
          input,
        ])}
      />
      <h2>Frames (the last {log.frames.length})</h2>
      <Rows
        rows={log.frames
          .toReversed()
          .map(({ at, direction, text }) => [new Date(at).toISOString().slice(11, 23), direction === 'sent' ? '→' : '←', text])}
      />
    </section>
  )
}

function Rows({ rows }: { rows: readonly (readonly string[])[] }): ReactNode {
  return (
    <table>
      <tbody>
        {rows.map((cells, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows have no state of their own
          <tr key={index}>
            {cells.map((cell, column) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: as above
              <td key={column}>{cell}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
