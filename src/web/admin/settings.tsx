import { useQuery, useQueryClient } from '@tanstack/react-query'
import { DoorClosed, DoorOpen, MailOpen } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import type { RegistrationMode, ServerSettings } from '../../contract/admin'
import { limits } from '../../contract/rules'
import { type Chat, readFailure } from '../../sdk'
import { DoneLine, FailureLine, fieldError, useAct } from '../ui/act'
import { Button } from '../ui/button'
import { Field, RadioCards, useInvalidFocus } from '../ui/fields'
import { useServerIdentity } from '../ui/server-identity'
import { LogoField } from './logo-field'
import { ListEnd, SectionPage, type SectionProps } from './section'

const settingsKey = ['admin-settings']

/** The server's name and logo, and who can create an account. */
export function SettingsSection({ client }: SectionProps) {
  const { data, error, refetch } = useQuery({ queryKey: settingsKey, queryFn: () => client.trpc.admin.settings.query() })
  return (
    <SectionPage title="Settings" intro="How this server presents itself, and who can create an account on it.">
      {data ? (
        <SettingsForm client={client} settings={data} />
      ) : (
        <ListEnd
          count={null}
          failure={error && readFailure(error)}
          hasMore={false}
          empty=""
          more=""
          onMore={() => {}}
          onRetry={() => void refetch()}
        />
      )}
    </SectionPage>
  )
}

const modes = [
  { value: 'open', Icon: DoorOpen, label: 'Open', hint: 'Anyone who can reach this server.' },
  { value: 'invite', Icon: MailOpen, label: 'By invitation', hint: 'Only people with a link to the server or to a room.' },
  { value: 'closed', Icon: DoorClosed, label: 'Closed', hint: 'Nobody. Invitations stop working too.' },
] as const

function SettingsForm({ client, settings }: { client: Chat; settings: ServerSettings }) {
  const queries = useQueryClient()
  const identity = useServerIdentity()
  const { pending, failure, run } = useAct()
  const form = useInvalidFocus(failure)
  /** A new image; null to remove it, undefined to leave it as it is. */
  const [logo, setLogo] = useState<string | null | undefined>(undefined)
  const [done, setDone] = useState<string | null>(null)

  function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    setDone(null)
    const change = { ...settingsChanges(settings, new FormData(event.currentTarget)), ...(logo !== undefined && { logo }) }
    if (Object.keys(change).length === 0) return setDone('Nothing has changed.')
    void run(async () => {
      try {
        const saved = await client.trpc.admin.updateSettings.mutate(change)
        queries.setQueryData(settingsKey, saved)
        identity.change(saved)
        setLogo(undefined)
        setDone('Saved.')
      } catch (error) {
        void queries.invalidateQueries({ queryKey: settingsKey })
        throw error
      }
    })
  }

  const nameError = fieldError(failure, 'name', 'The name')
  const logoError = fieldError(failure, 'logo', 'The logo')
  return (
    <form ref={form} noValidate onSubmit={save} onChange={() => setDone(null)} className="max-w-2xl space-y-6">
      <Field
        label="Name"
        name="name"
        required
        dir="auto"
        autoComplete="off"
        maxLength={limits.serverName}
        defaultValue={settings.name}
        hint="Shown on every page, also to people who aren't signed in."
        error={nameError}
      />
      <LogoField current={settings.logo} chosen={logo} error={logoError} onChoose={setLogo} />
      <div>
        <RadioCards
          key={settings.registration}
          legend="Who can create an account"
          name="registration"
          defaultValue={settings.registration}
          options={modes}
          columns={1}
          disabled={settings.registrationIsFixed}
        />
        {settings.registrationIsFixed && (
          <p className="mt-2 text-soft text-sm">
            This is set by the environment variable <code className="rounded-s bg-selected px-1">REGISTRATION</code> where the server runs.
            To change it here, its operator has to remove the variable and restart the server.
          </p>
        )}
      </div>
      {!nameError && !logoError && <FailureLine failure={failure} />}
      <div className="flex items-center gap-3">
        <DoneLine>{done}</DoneLine>
        <Button type="submit" pending={pending}>
          Save settings
        </Button>
      </div>
    </form>
  )
}

/** Only what was changed in the form: another admin may be changing the rest. */
export function settingsChanges(
  settings: Pick<ServerSettings, 'name' | 'registration'>,
  form: FormData,
): { name?: string; registration?: RegistrationMode } {
  const name = String(form.get('name')).trim()
  // A disabled choice is not in the form.
  const registration = modes.find(({ value }) => value === form.get('registration'))?.value
  return {
    ...(name !== settings.name && { name }),
    ...(registration && registration !== settings.registration && { registration }),
  }
}
