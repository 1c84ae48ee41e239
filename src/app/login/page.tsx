import type { Metadata } from 'next'
import { requireWebSession } from '../../server/auth/web-session'
import { AccountForm } from '../../web/account/account-form'
import { PasskeySignIn } from '../../web/account/passkey-sign-in'
import { AccountPage } from '../../web/ui/pages'
import { readAccountQuery, withNext } from '../account-query'

export const metadata: Metadata = { title: 'Sign in' }

export default async function LoginPage({ searchParams }: PageProps<'/login'>) {
  const query = await readAccountQuery(searchParams)
  return (
    <AccountPage
      title="Sign in"
      intro="Welcome back."
      footer={
        <>
          New here?{' '}
          <a className="font-medium text-accent underline underline-offset-3" href={withNext('/register', query.next)}>
            Create an account
          </a>
        </>
      }
    >
      <AccountForm action="/api/login" {...query} />
      <PasskeySignIn domain={requireWebSession().passkeyDomain} next={query.next} />
    </AccountPage>
  )
}
