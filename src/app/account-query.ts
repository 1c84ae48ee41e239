import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { toOwnPath } from '../contract/rules'
import { type AccountFailure, readQueryFailure } from '../web/account/account-failure'
import { findVisitor } from './visitor'

type Query = Record<string, string | string[] | undefined>

/** What the sign-in and registration pages should show. Redirects to `next` if the user is already signed in. */
export async function readAccountQuery(
  search: Promise<Query>,
): Promise<{ failure: AccountFailure | null; username: string; next: string }> {
  const query = await search
  const next = toOwnPath(singleValue(query.next))
  if (await findVisitor()) redirect(next)
  const {
    error = '',
    field = '',
    why = '',
    username = '',
  } = Object.fromEntries(Object.keys(query).map((name) => [name, singleValue(query[name])]))
  // A link on another site must not be able to show its own words next to the password field.
  const from = (await headers()).get('sec-fetch-site')
  const isFromHere = from === null || from === 'same-origin'
  return { failure: readQueryFailure({ error, field, ...(isFromHere && { why }) }), username: username.slice(0, 64), next }
}

const singleValue = (value: string | string[] | undefined) => (typeof value === 'string' ? value : '')

/** The path of a page that keeps `next`, for switching between the two pages. */
export const withNext = (page: '/login' | '/register', next: string) => (next === '/' ? page : `${page}?next=${encodeURIComponent(next)}`)
