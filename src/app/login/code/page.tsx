import type { Metadata } from 'next'
import { CodeForm } from '../../../web/account/code-form'
import { AccountPage } from '../../../web/ui/pages'
import { readAccountQuery, withNext } from '../../account-query'

export const metadata: Metadata = { title: 'Two-step sign-in' }

export default async function CodePage({ searchParams }: PageProps<'/login/code'>) {
  const { failure, next } = await readAccountQuery(searchParams)
  return (
    <AccountPage
      title="Two-step sign-in"
      intro="Enter the code that your authenticator app shows."
      footer={
        <>
          Lost your phone? Enter one of your recovery codes, or ask an admin of this server.{' '}
          <a className="font-medium text-accent underline underline-offset-3" href={withNext('/login', next)}>
            Start again
          </a>
        </>
      }
    >
      <CodeForm failure={failure} next={next} />
    </AccountPage>
  )
}
