import { useQuery } from '@tanstack/react-query'
import { CircleHelp, Monitor, Smartphone, Terminal } from 'lucide-react'
import { useState } from 'react'
import { type Chat, readFailure, type SessionInfo, type SignInMethod } from '../../sdk'
import { DoneLine, FailureLine, useAct } from '../ui/act'
import { Button } from '../ui/button'
import { formatFull, timeAgo } from '../ui/times'
import { describeRevoked } from './change-password'

const icons: Record<DeviceWords['kind'], typeof Monitor> = { computer: Monitor, phone: Smartphone, program: Terminal, unknown: CircleHelp }

/** Where the user is signed in; each session can be ended. */
export function SessionList({ client }: { client: Chat }) {
  const { data: sessions, error, refetch } = useQuery({ queryKey: ['sessions'], queryFn: () => client.trpc.session.list.query() })
  const [done, setDone] = useState<string | null>(null)
  const { pending, failure, run } = useAct()

  async function revoke({ id, device }: SessionInfo) {
    await run(async () => {
      await client.trpc.session.revoke.mutate({ sessionId: id })
      setDone(`Signed out ${describeDevice(device).words}.`)
    })
    await refetch()
  }

  async function revokeOthers() {
    await run(async () => setDone(describeRevoked((await client.trpc.session.revokeOthers.mutate()).revoked)))
    await refetch()
  }

  const loadFailure = error && readFailure(error)
  if (loadFailure && !sessions) return <FailureLine failure={loadFailure} />
  if (!sessions) return <p className="late text-soft text-sm">Loading…</p>
  return (
    <>
      <ul className="-mx-2">
        {sessions.map((session) => (
          <SessionRow key={session.id} session={session} pending={pending} onRevoke={() => revoke(session)} />
        ))}
      </ul>
      <FailureLine failure={failure ?? loadFailure} />
      <div className="mt-3 flex items-center gap-3">
        <DoneLine>{done}</DoneLine>
        {sessions.length > 1 && (
          <Button look="outline" pending={pending} onClick={revokeOthers}>
            Sign out everywhere else
          </Button>
        )}
      </div>
      {sessions.length === 1 && <p className="text-soft text-sm">You're not signed in anywhere else.</p>}
    </>
  )
}

const methods: Record<SignInMethod, string> = {
  password: 'with your password',
  'password and code': 'with your password and a code',
  'password and recovery code': 'with your password and a recovery code',
  passkey: 'with a passkey',
  oidc: 'through another service',
  token: 'with a token of another service',
  bot: 'with a token of its own',
}

function SessionRow({ session, pending, onRevoke }: { session: SessionInfo; pending: boolean; onRevoke(): void }) {
  const { words, kind } = describeDevice(session.device)
  const Icon = icons[kind]
  return (
    <li className="flex items-center gap-3 rounded-m px-2 py-2">
      <Icon aria-hidden="true" className="size-5 shrink-0 text-faint" />
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className="min-w-0 truncate font-medium" title={session.device ?? undefined}>
            {words}
          </span>
          {session.current && <span className="rounded-s bg-accent-soft px-1.5 font-medium text-xs">This device</span>}
          {session.newDevice && <span className="rounded-s bg-spark-soft px-1.5 font-medium text-xs">New device</span>}
        </p>
        <p className="text-soft text-sm [overflow-wrap:anywhere]">
          {session.ip && `${session.ip} · `}
          <time dateTime={session.lastSeen} title={formatFull(session.lastSeen)}>
            {session.current ? 'active now' : `last active ${timeAgo(session.lastSeen)}`}
          </time>
        </p>
        <p className="text-faint text-xs">
          Signed in{' '}
          <time dateTime={session.created} title={formatFull(session.created)}>
            {timeAgo(session.created)}
          </time>{' '}
          {methods[session.method]}
        </p>
      </div>
      {!session.current && (
        <Button look="quiet" pending={pending} aria-label={`Sign out ${words}`} onClick={onRevoke}>
          Sign out
        </Button>
      )}
    </li>
  )
}

export interface DeviceWords {
  words: string
  kind: 'computer' | 'phone' | 'program' | 'unknown'
}

/** The first match counts: Edge and Opera also call themselves Chrome, and all of them Safari. */
const browsers: [RegExp, string][] = [
  [/\bEdg(e|A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chrome|CriOS|Chromium|HeadlessChrome)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
]

const systems: [RegExp, string, 'computer' | 'phone'][] = [
  [/\biPhone\b/, 'iPhone', 'phone'],
  [/\biPad\b/, 'iPad', 'phone'],
  [/\bAndroid\b/, 'Android', 'phone'],
  [/\bCrOS\b/, 'ChromeOS', 'computer'],
  [/\bWindows\b/, 'Windows', 'computer'],
  [/\bMac OS X\b|\bMacintosh\b/, 'a Mac', 'computer'],
  [/\bLinux\b/, 'Linux', 'computer'],
]

/** A guess at the device from its User-Agent header, which can say anything. */
export function describeDevice(userAgent: string | null): DeviceWords {
  if (!userAgent) return { words: 'Unknown device', kind: 'unknown' }
  const browser = browsers.find(([sign]) => sign.test(userAgent))?.[1]
  const [, system, kind] = systems.find(([sign]) => sign.test(userAgent)) ?? []
  if (browser && system) return { words: `${browser} on ${system}`, kind: kind ?? 'computer' }
  if (browser || system) return { words: browser ?? `A browser on ${system}`, kind: kind ?? 'computer' }
  return { words: /^[^\s/(]{1,40}/.exec(userAgent)?.[0] ?? 'An app', kind: 'program' }
}
