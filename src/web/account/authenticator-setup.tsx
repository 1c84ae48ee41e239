import { type FormEvent, useMemo } from 'react'
import { encode } from 'uqr'
import type { AuthenticatorSetup, Chat } from '../../sdk'
import { FailureLine, fieldError, useAct } from '../ui/act'
import { Button } from '../ui/button'
import { Field, useInvalidFocus } from '../ui/fields'

interface SetUpAuthenticatorProps {
  client: Chat
  setup: AuthenticatorSetup
  onDone(recoveryCodes: string[]): void
}

/** Shows the secret for the app, and asks for a first code. */
export function SetUpAuthenticator({ client, setup, onDone }: SetUpAuthenticatorProps) {
  const { pending, failure, run } = useAct()
  const form = useInvalidFocus(failure)
  const codeError = fieldError(failure, 'code', 'That code')

  function enable(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const code = String(new FormData(event.currentTarget).get('code'))
    void run(async () => onDone((await client.trpc.security.enableTwoStep.mutate({ code })).recoveryCodes))
  }

  return (
    <form ref={form} noValidate onSubmit={enable} className="space-y-4">
      <p className="text-pretty text-soft text-sm">
        Scan this with an authenticator app on your phone, or{' '}
        <a href={setup.uri} className="font-medium text-accent underline underline-offset-3">
          open the app on this device
        </a>
        .
      </p>
      <QrCode text={setup.uri} label="QR code for your authenticator app" />
      <p className="text-soft text-sm">
        Or enter this key: <code className="select-all font-mono text-ink [overflow-wrap:anywhere]">{inGroups(setup.secret)}</code>
      </p>
      <Field
        label="Code that the app shows"
        name="code"
        required
        autoFocus
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={16}
        error={codeError}
      />
      {!codeError && <FailureLine failure={failure} />}
      <div className="flex justify-end">
        <Button type="submit" pending={pending}>
          Turn on
        </Button>
      </div>
    </form>
  )
}

const inGroups = (secret: string) => secret.replace(/.{4}(?=.)/g, '$& ')

/** Black on white in every theme: cameras expect that. */
function QrCode({ text, label }: { text: string; label: string }) {
  const { size, path } = useMemo(() => drawQrCode(text), [text])
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
      className="mx-auto size-44 rounded-m border border-line"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  )
}

/** A path with a rectangle for each run of dark modules in a row. */
function drawQrCode(text: string): { size: number; path: string } {
  const { data, size } = encode(text, { border: 3 })
  const runs = data.flatMap((row, y) =>
    [
      ...row
        .map((dark) => (dark ? '1' : '0'))
        .join('')
        .matchAll(/1+/g),
    ].map((run) => `M${run.index} ${y}h${run[0].length}v1h-${run[0].length}z`),
  )
  return { size, path: runs.join('') }
}
