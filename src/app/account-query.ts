import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { toOwnPath } from '../contract/rules'
import { type AccountFailure, cookieRefused, readQueryFailure } from '../web/account/account-failure'
import { findVisitor } from './visitor'

type Query = Record<string, string | string[] | undefined>

interface AccountQuery {
  failure: AccountFailure | null
  username: string
  /** Where to go afterwards: a path on this site. */
  next: string
  /** What else there is to say. */
  notice: string | null
  /** The token of an invitation; "" for none. */
  invite: string
  /** The token of the link for the first account; "" for none. */
  setup: string
}

/**
 * What the sign-in and registration pages should show. Redirects to `next` if the user is already signed in. A plain form that
 * was accepted may lead here with the notice `entered`: who is not signed in by then has a browser that refused the cookie.
 */
export async function readAccountQuery(search: Promise<Query>): Promise<AccountQuery> {
  const query = singleValues(await search)
  const next = toOwnPath(query.next ?? '')
  if (await findVisitor()) redirect(next)
  const { username = '', notice = '', invite = '', setup = '' } = query
  return {
    failure: notice === 'entered' ? cookieRefused : await readFormFailure(search),
    username: username.slice(0, 64),
    next,
    notice: notices.get(notice) ?? null,
    invite,
    setup,
  }
}

/** Why the form of a page was refused that was posted without JavaScript. */
export async function readFormFailure(search: Promise<Query>): Promise<AccountFailure | null> {
  const { error = '', field = '', why = '', wait = '' } = singleValues(await search)
  // A link on another site must not be able to show its own words next to the password field.
  const from = (await headers()).get('sec-fetch-site')
  const isFromHere = from === null || from === 'same-origin'
  return readQueryFailure({ error, field, wait, ...(isFromHere && { why }) })
}

/** What the sign-in page may have to say, by the name in its address. */
const notices = new Map([
  ['ended', 'Your session has ended. Sign in again.'],
  ['reset', 'Your password was changed. Sign in with the new one.'],
])

const singleValues = (query: Query): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(query).map(([name, value]) => [name, typeof value === 'string' ? value : '']))

/** The path of a page that keeps `next`, for switching between the two pages. */
export const withNext = (page: '/login' | '/register', next: string) => (next === '/' ? page : `${page}?next=${encodeURIComponent(next)}`)
