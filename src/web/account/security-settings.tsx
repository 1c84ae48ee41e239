import { useQuery } from '@tanstack/react-query'
import { KeyRound, Smartphone, SquareAsterisk } from 'lucide-react'
import { type ReactNode, useRef, useState } from 'react'
import { type AuthenticatorSetup, type Chat, type Confirmation, type Passkey, readFailure } from '../../sdk'
import { DoneLine, FailureLine, useAct } from '../ui/act'
import { Button } from '../ui/button'
import { timeAgo } from '../ui/times'
import { SetUpAuthenticator } from './authenticator-setup'
import { ChangePassword } from './change-password'
import { ConfirmYourself } from './confirm-yourself'
import { canUsePasskeys, makePasskey } from './passkey-browser'
import { PasskeyList } from './passkey-list'
import { RecoveryCodeList } from './recovery-code-list'
import { describeDevice } from './session-list'

/** What can be done only by somebody who has just confirmed who they are. */
type GuardedAct = { kind: 'add passkey' | 'turn on' | 'turn off' | 'new codes' } | { kind: 'remove passkey'; passkey: Passkey }

type View =
  | { at: 'overview' | 'password' }
  | { at: 'confirm'; act: GuardedAct }
  | { at: 'setup'; setup: AuthenticatorSetup }
  | { at: 'codes'; codes: string[] }

/** What is asked before an act. Those without words are done at once when the person has confirmed who they are a moment ago. */
const questions: Record<GuardedAct['kind'], { title: string; button: string; words?: string }> = {
  'add passkey': { title: 'Add a passkey', button: 'Continue' },
  'remove passkey': { title: 'Remove this passkey?', button: 'Remove', words: 'You can no longer sign in with it.' },
  'turn on': { title: 'Turn on two-step sign-in', button: 'Continue' },
  'turn off': { title: 'Turn off two-step sign-in?', button: 'Turn off', words: 'Your password alone will be enough to sign in.' },
  'new codes': { title: 'Make new recovery codes?', button: 'Make new codes', words: 'Your old recovery codes will stop working.' },
}

/** How the user signs in: password, passkeys and two-step sign-in. */
export function SecuritySettings({ client, username }: { client: Chat; username: string }) {
  const { data: security, error, refetch } = useQuery({ queryKey: ['security'], queryFn: () => client.trpc.security.show.query() })
  const [view, setView] = useState<View>({ at: 'overview' })
  const [done, setDone] = useState<string | null>(null)
  const { pending, failure, run, dismiss } = useAct()
  const confirmed = useRef<Confirmation | null>(null)
  const isConfirmed = () => Date.parse(confirmed.current?.expiresAt ?? '') > Date.now() + 5_000

  function open(next: View) {
    dismiss()
    setDone(null)
    setView(next)
  }

  function begin(act: GuardedAct) {
    if (isConfirmed() && !questions[act.kind].words) void carryOut(act)
    else open({ at: 'confirm', act })
  }

  const carryOut = (act: GuardedAct, confirmation = confirmed.current?.confirmation ?? '') =>
    run(async () => {
      setDone(null)
      switch (act.kind) {
        case 'add passkey': {
          setView({ at: 'overview' })
          const passkey = await makePasskey(await client.trpc.security.startPasskey.mutate({ confirmation }))
          const name = describeDevice(navigator.userAgent).words
          await client.trpc.security.addPasskey.mutate({ name, passkey })
          setDone('Passkey added.')
          break
        }
        case 'remove passkey':
          await client.trpc.security.removePasskey.mutate({ id: act.passkey.id, confirmation })
          setView({ at: 'overview' })
          setDone('Passkey removed.')
          break
        case 'turn on':
          setView({ at: 'setup', setup: await client.trpc.security.startTwoStep.mutate({ confirmation }) })
          break
        case 'turn off':
          await client.trpc.security.disableTwoStep.mutate({ confirmation })
          setView({ at: 'overview' })
          setDone('Two-step sign-in is off.')
          break
        case 'new codes':
          setView({ at: 'codes', codes: (await client.trpc.security.renewRecoveryCodes.mutate({ confirmation })).recoveryCodes })
          break
      }
      await refetch()
    })

  const back = () => open({ at: 'overview' })
  if (error && !security) return <FailureLine failure={readFailure(error)} />
  if (!security) return <p className="late text-soft text-sm">Loading…</p>
  const canAdd = canUsePasskeys(security.passkeyDomain)

  switch (view.at) {
    case 'password':
      return (
        <SubView title="Change password" onBack={back}>
          <ChangePassword client={client} username={username} />
        </SubView>
      )
    case 'confirm': {
      const { title, button, words } = questions[view.act.kind]
      return (
        <SubView title={title} onBack={back}>
          <ConfirmYourself
            client={client}
            username={username}
            words={view.act.kind === 'remove passkey' ? `${view.act.passkey.name}. ${words}` : words}
            button={button}
            isConfirmed={isConfirmed()}
            hasPasskey={canAdd && security.passkeys.length > 0}
            pending={pending}
            failure={failure}
            onConfirmed={(confirmation) => {
              if (confirmation) confirmed.current = confirmation
              return carryOut(view.act)
            }}
          />
        </SubView>
      )
    }
    case 'setup':
      return (
        <SubView title="Turn on two-step sign-in" onBack={back}>
          <SetUpAuthenticator
            client={client}
            setup={view.setup}
            onDone={(codes) => {
              open({ at: 'codes', codes })
              void refetch()
            }}
          />
        </SubView>
      )
    case 'codes':
      return (
        <SubView title="Your recovery codes">
          <RecoveryCodeList codes={view.codes} onDone={back} />
        </SubView>
      )
  }

  if (!security.hasPassword) {
    return (
      <p className="text-soft text-sm">You sign in through another service. It has its own settings for passkeys and two-step sign-in.</p>
    )
  }
  const { twoStep } = security
  return (
    <div className="space-y-5">
      <Section Icon={SquareAsterisk} title="Password" words="Changing it signs you out everywhere else.">
        <Button look="outline" onClick={() => open({ at: 'password' })}>
          Change password
        </Button>
      </Section>
      <Section
        Icon={KeyRound}
        title="Passkeys"
        words="Sign in with your fingerprint, face or screen lock. A passkey can't be guessed or phished, and needs no code."
      >
        <PasskeyList
          client={client}
          passkeys={security.passkeys}
          onRemove={(passkey) => begin({ kind: 'remove passkey', passkey })}
          onChange={refetch}
        />
        {canAdd ? (
          <Button look="outline" pending={pending} onClick={() => begin({ kind: 'add passkey' })}>
            Add a passkey
          </Button>
        ) : (
          <p className="text-faint text-sm">
            {security.passkeyDomain
              ? `To add one, open Roomline at ${security.passkeyDomain} in a browser with passkeys.`
              : 'This server has no domain name, so it has no passkeys.'}
          </p>
        )}
      </Section>
      <Section
        Icon={Smartphone}
        title="Two-step sign-in"
        words={
          twoStep
            ? `On since ${timeAgo(twoStep.since)}. ${twoStep.recoveryCodesLeft} of 10 recovery codes are left.`
            : 'After your password, you also enter a code from an app on your phone.'
        }
      >
        {twoStep ? (
          <div className="flex flex-wrap gap-2">
            <Button look="outline" onClick={() => begin({ kind: 'new codes' })}>
              New recovery codes
            </Button>
            <Button look="outline" onClick={() => begin({ kind: 'turn off' })}>
              Turn off
            </Button>
          </div>
        ) : (
          <Button look="outline" pending={pending} onClick={() => begin({ kind: 'turn on' })}>
            Turn on
          </Button>
        )}
      </Section>
      <FailureLine failure={failure} onDismiss={dismiss} />
      <DoneLine>{done}</DoneLine>
    </div>
  )
}

interface SectionProps {
  Icon: typeof KeyRound
  title: string
  words: string
  children: ReactNode
}

function Section({ Icon, title, words, children }: SectionProps) {
  return (
    <section className="flex gap-3">
      <Icon aria-hidden="true" className="mt-0.5 size-5 shrink-0 text-faint" />
      <div className="min-w-0 flex-1 space-y-2.5">
        <div>
          <h3 className="font-medium">{title}</h3>
          <p className="text-pretty text-soft text-sm">{words}</p>
        </div>
        {children}
      </div>
    </section>
  )
}

function SubView({ title, onBack, children }: { title: string; onBack?: () => void; children: ReactNode }) {
  return (
    <section className="space-y-4">
      <div className="flex min-h-9 items-center justify-between gap-3">
        <h3 className="font-medium">{title}</h3>
        {onBack && (
          <Button look="quiet" onClick={onBack} className="-mr-2">
            Back
          </Button>
        )}
      </div>
      {children}
    </section>
  )
}
