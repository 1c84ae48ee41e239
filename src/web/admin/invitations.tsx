import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { ServerInvite } from '../../contract/admin'
import { readFailure } from '../../sdk'
import { expiries, numberOf, termsOf, uses } from '../rooms/invite-terms'
import { FailureLine, useAct } from '../ui/act'
import { Button } from '../ui/button'
import { SelectField } from '../ui/fields'
import { NewLink } from '../ui/new-link'
import { Badge } from '../ui/table'
import { formatFull, timeAgo } from '../ui/times'
import { ListEnd, SectionPage, type SectionProps } from './section'

const roles = [
  { value: 'member', words: 'Member' },
  { value: 'guest', words: 'Guest' },
]

/** Links with which people make an account. */
export function Invitations({ client }: SectionProps) {
  const { data, error, refetch } = useQuery({ queryKey: ['admin-invites'], queryFn: () => client.trpc.admin.invites.query() })
  const { data: settings } = useQuery({ queryKey: ['admin-settings'], queryFn: () => client.trpc.admin.settings.query() })
  const [made, setMade] = useState<(ServerInvite & { url: string }) | null>(null)
  const { pending, failure, run } = useAct()
  const invites = data?.invites ?? null

  function create(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const role = form.get('role') === 'guest' ? 'guest' : 'member'
    void run(() =>
      client.trpc.admin.createInvite
        .mutate({ role, hours: numberOf(form, 'hours'), maxUses: numberOf(form, 'maxUses') })
        .then(setMade)
        .finally(refetch),
    )
  }

  function revoke(invite: string) {
    void run(() =>
      client.trpc.admin.revokeInvite
        .mutate({ invite })
        .then(() => made?.id === invite && setMade(null))
        .finally(refetch),
    )
  }

  return (
    <SectionPage
      title="Invitations"
      intro="People open the link, choose a username and a password, and are in. An invitation to one room is made in that room."
    >
      {settings?.registration === 'closed' && (
        <p className="mb-4 rounded-m bg-spark-soft px-3 py-2.5 text-sm">
          Registration is closed, so no invitation works right now. You can open it in the settings.
        </p>
      )}
      <form
        onSubmit={create}
        aria-label="New invitation"
        className="flex flex-wrap items-end gap-3 rounded-m border border-line bg-raised p-4 shadow-low"
      >
        <SelectField label="They become" name="role" defaultValue="member" options={roles} className="min-w-28 flex-1" />
        <SelectField label="Can be used by" name="maxUses" defaultValue="1" options={uses} className="min-w-28 flex-1" />
        <SelectField label="Expires after" name="hours" defaultValue="168" options={expiries} className="min-w-28 flex-1" />
        <Button type="submit" pending={pending} className="max-md:w-full mouse:min-h-10">
          Create link
        </Button>
        {made && (
          <div className="-mt-3 w-full">
            <NewLink key={made.id} label="Invitation link" url={made.url} note={`${roleWords(made)} ${termsWords(made)}.`} />
          </div>
        )}
      </form>
      <FailureLine failure={failure} className="mt-3" />
      {invites && invites.length > 0 && <h2 className="mt-7 mb-1 font-medium text-faint text-xs">Active invitations</h2>}
      <ul aria-label="Active invitations" className="divide-y divide-line empty:hidden">
        {invites?.map((invite) => (
          <li key={invite.id} className="flex items-center gap-3 py-2.5 text-sm">
            <span className="min-w-0 flex-1">
              <span className="flex flex-wrap items-center gap-x-2">
                Created by {invite.by ? `@${invite.by}` : 'the operator'}
                {invite.role === 'guest' && <Badge>Guests</Badge>}
              </span>
              <span className="block text-faint text-xs">
                <time dateTime={invite.createdAt} title={formatFull(invite.createdAt)}>
                  {timeAgo(invite.createdAt)}
                </time>
                , {termsOf(invite)}
              </span>
            </span>
            <Button
              look="quiet"
              pending={pending}
              aria-label={`Revoke the invitation by ${invite.by ?? 'the operator'}, ${termsOf(invite)}`}
              onClick={() => revoke(invite.id)}
            >
              Revoke
            </Button>
          </li>
        ))}
      </ul>
      <ListEnd
        count={invites?.length ?? null}
        failure={error && readFailure(error)}
        hasMore={false}
        empty="There are no active invitations."
        more=""
        onMore={() => {}}
        onRetry={() => void refetch()}
      />
    </SectionPage>
  )
}

const roleWords = ({ role }: ServerInvite) => (role === 'guest' ? 'Makes a guest.' : 'Makes a member.')

function termsWords({ maxUses, expiresAt }: ServerInvite): string {
  const times = maxUses === null ? 'Any number of people can use it' : `${maxUses === 1 ? 'One person' : `${maxUses} people`} can use it`
  return expiresAt === null ? times : `${times}, until ${formatFull(expiresAt)}`
}
