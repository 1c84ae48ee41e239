import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { type Chat, type Invite, readFailure } from '../../sdk'
import { invitePath } from '../paths'
import { FailureLine, useAct } from '../ui/act'
import { Button } from '../ui/button'
import { SelectField } from '../ui/fields'
import { NewLink } from '../ui/new-link'
import { expiries, numberOf, termsOf, uses } from './invite-terms'

/** Invitation links: makes a new one, and lists those that still work. */
export function InviteLinks({ client, room }: { client: Chat; room: string }) {
  const {
    data: invites = [],
    error,
    isLoading,
    refetch,
  } = useQuery({ queryKey: ['invites', room], queryFn: async () => (await client.trpc.rooms.invites.query({ room })).invites })
  const [made, setMade] = useState<(Invite & { token: string }) | null>(null)
  const { pending, failure, run } = useAct()

  function create(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    void run(async () => {
      setMade(await client.trpc.rooms.createInvite.mutate({ room, hours: numberOf(form, 'hours'), maxUses: numberOf(form, 'maxUses') }))
      await refetch()
    })
  }

  function revoke(invite: string) {
    void run(async () => {
      await client.trpc.rooms.revokeInvite.mutate({ room, invite })
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
      {made && <NewLink key={made.id} label="Invitation link" url={inviteUrl(made.token)} />}
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

const inviteUrl = (token: string) => `${location.origin}${invitePath(token)}`
