import { useQuery } from '@tanstack/react-query'
import { Check, Copy } from 'lucide-react'
import { type FormEvent, useRef, useState } from 'react'
import { type ChatClient, type Invite, readFailure } from '../../sdk'
import { invitePath } from '../paths'
import { FailureLine, useAct } from '../ui/act'
import { Button } from '../ui/button'
import { inputLook, SelectField } from '../ui/fields'

const expiries = [
  { value: '24', words: '1 day' },
  { value: '168', words: '7 days' },
  { value: '720', words: '30 days' },
  { value: '', words: 'Never' },
]
const uses = [
  { value: '1', words: '1 person' },
  { value: '10', words: '10 people' },
  { value: '100', words: '100 people' },
  { value: '', words: 'Anyone' },
]

/** Invitation links: makes a new one, and lists those that still work. */
export function InviteLinks({ client, room }: { client: ChatClient; room: string }) {
  const {
    data: invites = [],
    error,
    isLoading,
    refetch,
  } = useQuery({ queryKey: ['invites', room], queryFn: async () => (await client.rooms.invites.query({ room })).invites })
  const [made, setMade] = useState<(Invite & { token: string }) | null>(null)
  const { pending, failure, run } = useAct()

  function create(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    void run(async () => {
      setMade(await client.rooms.createInvite.mutate({ room, hours: numberOf(form, 'hours'), maxUses: numberOf(form, 'maxUses') }))
      await refetch()
    })
  }

  function revoke(invite: string) {
    void run(async () => {
      await client.rooms.revokeInvite.mutate({ room, invite })
      if (made?.id === invite) setMade(null)
      await refetch()
    })
  }

  return (
    <section aria-label="Invitation links" className="mt-5 border-line border-t pt-4">
      <h3 className="font-medium text-sm">By link</h3>
      <p className="mt-0.5 text-faint text-sm">Anyone with the link can join after signing in.</p>
      <form onSubmit={create} className="mt-3 flex flex-wrap items-end gap-3">
        <SelectField label="Expires after" name="hours" defaultValue="168" options={expiries} className="min-w-28 flex-1" />
        <SelectField label="Can be used by" name="maxUses" defaultValue="" options={uses} className="min-w-28 flex-1" />
        <Button type="submit" look="outline" pending={pending || isLoading} className="md:min-h-10">
          Create link
        </Button>
      </form>
      <FailureLine failure={failure ?? (error && readFailure(error))} className="mt-3" />
      {made && <NewLink key={made.id} url={inviteUrl(made.token)} />}
      {invites.length > 0 && (
        <ul aria-label="Active links" className="mt-3 divide-y divide-line">
          {invites.map((invite) => (
            <li key={invite.id} className="flex items-center gap-3 py-2 text-sm">
              <span className="min-w-0 flex-1">
                <span className="block truncate">Created by @{invite.by}</span>
                <span className="block text-faint text-xs">{termsOf(invite)}</span>
              </span>
              <Button
                look="quiet"
                pending={pending}
                aria-label={`Revoke the link by ${invite.by}, ${termsOf(invite)}`}
                onClick={() => revoke(invite.id)}
              >
                Revoke
              </Button>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

const numberOf = (form: FormData, field: string) => (form.get(field) ? Number(form.get(field)) : null)

/** A link that was just made. The server stores only its hash, so it can't be shown again. */
export function NewLink({ url }: { url: string }) {
  const [copied, setCopied] = useState(false)
  const field = useRef<HTMLInputElement>(null)

  async function copy() {
    field.current?.select()
    // Without permission, or over plain HTTP, the text stays selected so that it can be copied with the keyboard.
    await navigator.clipboard?.writeText(url).then(
      () => setCopied(true),
      () => {},
    )
  }

  return (
    <div className="mt-3 rounded-m bg-accent-soft p-3">
      <div className="flex gap-2">
        <input
          ref={field}
          readOnly
          value={url}
          aria-label="Invitation link"
          onFocus={(event) => event.target.select()}
          className={inputLook}
        />
        <Button onClick={copy} className="shrink-0 md:min-h-10">
          {copied ? <Check aria-hidden="true" className="size-4" /> : <Copy aria-hidden="true" className="size-4" />}
          {copied ? 'Copied' : 'Copy'}
        </Button>
      </div>
      <p role="status" className="mt-2 text-sm text-soft">
        Copy it now. You won't see it again.
      </p>
    </div>
  )
}

export const inviteUrl = (token: string) => `${location.origin}${invitePath(token)}`

/** How often a link was used and when it expires: "2 of 10 used, until 3 May 2026". */
export function termsOf({ expiresAt, maxUses, uses }: Invite): string {
  const used = maxUses === null ? `${uses} used` : `${uses} of ${maxUses} used`
  if (expiresAt === null) return `${used}, never expires`
  const until = new Date(expiresAt).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })
  return `${used}, until ${until}`
}
