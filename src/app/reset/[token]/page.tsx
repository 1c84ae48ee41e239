import type { Metadata } from 'next'
import { ResetForm } from '../../../web/account/reset-form'
import { AccountPage, textLink } from '../../../web/ui/pages'
import { readFormFailure } from '../../account-query'

export const metadata: Metadata = { title: 'Choose a new password' }

/** The page that an admin's link for a new password leads to. Whoever is signed in here may open it for somebody else's account. */
export default async function ResetPage({ params, searchParams }: PageProps<'/reset/[token]'>) {
  const { token } = await params
  return (
    <AccountPage
      title="Choose a new password"
      intro="You'll be signed out everywhere and can sign in with the new password."
      footer={
        <>
          Remembered your password?{' '}
          <a className={textLink} href="/login">
            Sign in
          </a>
        </>
      }
    >
      <ResetForm token={token} failure={await readFormFailure(searchParams)} />
    </AccountPage>
  )
}
