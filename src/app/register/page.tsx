import type { Metadata } from 'next'
import { AccountForm } from '../../web/account/account-form'
import { AccountPage } from '../../web/ui/pages'
import { readAccountQuery, withNext } from '../account-query'

export const metadata: Metadata = { title: 'Create an account' }

export default async function RegisterPage({ searchParams }: PageProps<'/register'>) {
  const query = await readAccountQuery(searchParams)
  return (
    <AccountPage
      title="Create an account"
      intro="All you need is a username and a password."
      footer={
        <>
          Already have an account?{' '}
          <a className="font-medium text-accent underline underline-offset-3" href={withNext('/login', query.next)}>
            Sign in
          </a>
        </>
      }
    >
      <AccountForm action="/api/register" {...query} />
    </AccountPage>
  )
}
