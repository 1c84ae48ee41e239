/**
 * Where a form leads that signed somebody in. Over http a browser drops the cookie of an https site, without a word: the
 * sign-in page then says so, and leads everybody else on to `next`.
 */
export const enteredPath = (next: string, publicUrl: string): string =>
  publicUrl.startsWith('https:') ? withQuery('/login', { notice: 'entered', ...keepNext(next) }) : next

/** The entry of a query that keeps `next`; none for the start page. */
export const keepNext = (next: string): { next?: string } => (next === '/' ? {} : { next })

export function withQuery(path: string, query: Record<string, string>): string {
  const search = new URLSearchParams(query).toString()
  return search === '' ? path : `${path}?${search}`
}
