import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { type Chat, type Profile, readFailure } from '../../sdk'
import { DoneLine, FailureLine, fieldError, useAct } from '../ui/act'
import { Avatar } from '../ui/avatar'
import { Button } from '../ui/button'
import { Field, useInvalidFocus } from '../ui/fields'

/** The profile that others see. */
export function EditProfile({ client, onRenamed }: { client: Chat; onRenamed(displayName: string): void }) {
  const { data: profile, error } = useQuery({ queryKey: ['profile'], queryFn: () => client.trpc.users.me.query() })
  if (error) return <FailureLine failure={readFailure(error)} />
  if (!profile) return <p className="late text-soft text-sm">Loading…</p>
  return <ProfileForm client={client} profile={profile} onRenamed={onRenamed} />
}

interface ProfileFormProps {
  client: Chat
  profile: Profile
  onRenamed(displayName: string): void
}

function ProfileForm({ client, profile, onRenamed }: ProfileFormProps) {
  const { pending, failure, run } = useAct()
  const [displayName, setDisplayName] = useState(profile.displayName)
  const [isSaved, setIsSaved] = useState(false)
  const form = useInvalidFocus(failure)

  function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const fields = new FormData(event.currentTarget)
    void run(async () => {
      const saved = await client.trpc.users.update.mutate({
        displayName: String(fields.get('displayName')),
        status: String(fields.get('status')),
        hideLastSeen: fields.get('hideLastSeen') !== null,
        timeZone: fields.get('showTime') === null ? null : Intl.DateTimeFormat().resolvedOptions().timeZone,
        hideReads: fields.get('showReads') === null,
      })
      setDisplayName(saved.displayName)
      setIsSaved(true)
      onRenamed(saved.displayName)
    })
  }

  const nameError = fieldError(failure, 'displayName', 'The display name')
  const statusError = fieldError(failure, 'status', 'The status')
  return (
    <form ref={form} noValidate onSubmit={save} onChange={() => setIsSaved(false)} className="space-y-4">
      <div className="flex items-center gap-3">
        <Avatar username={profile.username} displayName={displayName} className="size-12! text-base!" />
        <div className="min-w-0 leading-tight">
          <bdi className="block truncate font-semibold">{displayName || profile.username}</bdi>
          <span className="block truncate text-faint text-sm">@{profile.username}</span>
        </div>
      </div>
      <Field
        label="Display name"
        name="displayName"
        required
        dir="auto"
        autoComplete="name"
        value={displayName}
        onChange={(event) => setDisplayName(event.target.value)}
        hint="The name others see. Any alphabet works."
        error={nameError}
      />
      <Field
        label="Status (optional)"
        name="status"
        dir="auto"
        autoComplete="off"
        placeholder="On holiday until Monday"
        defaultValue={profile.status}
        error={statusError}
      />
      <fieldset className="mouse:space-y-2.5">
        <legend className="sr-only">What others can see</legend>
        <Choice name="hideLastSeen" isOn={profile.hideLastSeen}>
          Don't show others when I was last online
        </Choice>
        <Choice name="showTime" isOn={profile.timeZone !== null}>
          Show my local time to others
        </Choice>
        <Choice name="showReads" isOn={!profile.hideReads}>
          Let others see what I have read, and see it of them
        </Choice>
      </fieldset>
      {!nameError && !statusError && <FailureLine failure={failure} />}
      <div className="flex items-center gap-3">
        <DoneLine>{isSaved ? 'Saved.' : null}</DoneLine>
        <Button type="submit" pending={pending}>
          Save profile
        </Button>
      </div>
    </form>
  )
}

function Choice({ name, isOn, children }: { name: string; isOn: boolean; children: string }) {
  return (
    <label className="flex min-h-11 items-center gap-2.5 text-sm mouse:min-h-0">
      <input type="checkbox" name={name} defaultChecked={isOn} className="size-4.5 shrink-0" />
      {children}
    </label>
  )
}
