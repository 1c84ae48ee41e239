import type { Metadata } from 'next'
import { requireWebSession } from '../../server/auth/web-session'
import { AccountForm } from '../../web/account/account-form'
import { OutsideSignIn } from '../../web/account/outside-sign-in'
import { PasskeySignIn } from '../../web/account/passkey-sign-in'
import { ForgetSignedOut } from '../../web/account/signed-out'
import { AccountPage, textLink } from '../../web/ui/pages'
import { readAccountQuery, withNext } from '../account-query'
import { readServer } from '../visitor'

export const metadata: Metadata = { title: 'Sign in' }

export default async function LoginPage({ searchParams }: PageProps<'/login'>) {
  const { failure, username, next, notice } = await readAccountQuery(searchParams)
  const { name, registration } = await readServer()
  const { issuerName } = requireWebSession()
  return (
    <AccountPage
      title={`Sign in to ${name}`}
      intro={notice ?? 'Welcome back.'}
      footer={
        registration === 'open' ? (
          <>
            New here?{' '}
            <a className={textLink} href={withNext('/register', next)}>
              Create an account
            </a>
          </>
        ) : (
          'Forgot your password, or new here? Ask an admin of this server for a link.'
        )
      }
    >
      <ForgetSignedOut />
      <AccountForm action="/api/login" failure={failure} username={username} next={next} />
      {issuerName && <OutsideSignIn issuerName={issuerName} next={next} />}
      <PasskeySignIn domain={requireWebSession().passkeyDomain} next={next} />
    </AccountPage>
  )
}
