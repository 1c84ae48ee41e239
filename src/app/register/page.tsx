import type { Metadata } from 'next'
import type { ReactNode } from 'react'
import { AccountForm } from '../../web/account/account-form'
import { AccountPage, linkButton, NoticePage, textLink } from '../../web/ui/pages'
import { readAccountQuery, withNext } from '../account-query'
import { readServer } from '../visitor'

export const metadata: Metadata = { title: 'Create an account' }

/** The page that an invitation to the server and the link for the first account lead to. */
export default async function RegisterPage({ searchParams }: PageProps<'/register'>) {
  const { failure, username, next, invite, setup } = await readAccountQuery(searchParams)
  const { name, registration } = await readServer()
  if (setup === '' && registration === 'closed') {
    return (
      <NoAccountPage title="Registration is closed" next={next}>
        New accounts can't be created on {name} right now. Ask one of its admins.
      </NoAccountPage>
    )
  }
  if (setup === '' && registration === 'invite' && invite === '') {
    return (
      <NoAccountPage title="You need an invitation" next={next}>
        Only people with an invitation can create an account on {name}. Ask somebody who is on it for a link, and open that link.
      </NoAccountPage>
    )
  }
  const form = { action: '/api/register', failure, username, next } as const
  if (setup !== '') {
    return (
      <AccountPage title={`Set up ${name}`} intro="Create the first account. It will be the admin of this server." footer={null}>
        <AccountForm {...form} carried={{ setup }} />
      </AccountPage>
    )
  }
  return (
    <AccountPage
      title={invite === '' ? 'Create an account' : `You're invited to ${name}`}
      intro={invite === '' ? 'All you need is a username and a password.' : 'Choose a username and a password to join.'}
      footer={
        <>
          Already have an account?{' '}
          <a className={textLink} href={withNext('/login', next)}>
            Sign in
          </a>
        </>
      }
    >
      <AccountForm {...form} {...(invite !== '' && { carried: { invite } })} />
    </AccountPage>
  )
}

function NoAccountPage({ title, next, children }: { title: string; next: string; children: ReactNode }) {
  return (
    <NoticePage
      title={title}
      actions={
        <a className={linkButton} href={withNext('/login', next)}>
          Sign in instead
        </a>
      }
    >
      {children}
    </NoticePage>
  )
}
