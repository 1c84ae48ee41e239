import type { FormEvent } from 'react'
import type { Chat, ChatFailure, Confirmation } from '../../sdk'
import { FailureLine, useAct } from '../ui/act'
import { Button } from '../ui/button'
import { Field, useInvalidFocus } from '../ui/fields'
import { choosePasskey } from './passkey-browser'

interface ConfirmYourselfProps {
  client: Chat
  username: string
  /** What the act will do. */
  words: string | undefined
  button: string
  /** Whether they have confirmed who they are a moment ago: then a click is enough. */
  isConfirmed: boolean
  hasPasskey: boolean
  /** Of the act that follows. */
  pending: boolean
  failure: ChatFailure | null
  /** @param confirmation null when the one from before is still good */
  onConfirmed(confirmation: Confirmation | null): Promise<unknown>
}

/** Asks for the password or a passkey: an act that could lock somebody out must not be done with a stolen session. */
export function ConfirmYourself(props: ConfirmYourselfProps) {
  const { client, username, words, button, isConfirmed, hasPasskey, onConfirmed } = props
  const { pending: isConfirming, failure, run } = useAct()
  const form = useInvalidFocus(failure)
  const pending = isConfirming || props.pending

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    if (isConfirmed) return void onConfirmed(null)
    const password = String(new FormData(event.currentTarget).get('password'))
    void run(async () => onConfirmed(await client.trpc.security.confirm.mutate({ password })))
  }

  const withPasskey = () =>
    run(async () => {
      const passkey = await choosePasskey(await client.trpc.security.askToConfirm.mutate())
      await onConfirmed(await client.trpc.security.confirm.mutate({ passkey }))
    })

  const passwordError = failure?.name === 'WRONG_PASSWORD' ? failure.words : undefined
  return (
    <form ref={form} noValidate onSubmit={submit} className="space-y-4">
      {words && <p className="text-pretty text-soft text-sm [overflow-wrap:anywhere]">{words}</p>}
      {!isConfirmed && (
        <>
          <input type="text" name="username" autoComplete="username" value={username} readOnly hidden />
          <Field
            label="Your password"
            name="password"
            type="password"
            required
            autoFocus
            autoComplete="current-password"
            hint="To make sure that it's you"
            error={passwordError}
          />
        </>
      )}
      {!passwordError && <FailureLine failure={failure ?? props.failure} />}
      <div className="flex flex-wrap justify-end gap-2">
        {!isConfirmed && hasPasskey && (
          <Button look="outline" pending={pending} onClick={withPasskey}>
            Use a passkey
          </Button>
        )}
        <Button type="submit" pending={pending}>
          {button}
        </Button>
      </div>
    </form>
  )
}
