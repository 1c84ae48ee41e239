import type { Invite } from '../../sdk'

/** How many hours a link is valid; empty for ever. */
export const expiries = [
  { value: '24', words: '1 day' },
  { value: '168', words: '7 days' },
  { value: '720', words: '30 days' },
  { value: '', words: 'Never' },
]

/** How many people can use a link; empty for no limit. */
export const uses = [
  { value: '1', words: '1 person' },
  { value: '10', words: '10 people' },
  { value: '100', words: '100 people' },
  { value: '', words: 'Anyone' },
]

/** A choice of a form as a number; null when it is empty. */
export const numberOf = (form: FormData, field: string) => (form.get(field) ? Number(form.get(field)) : null)

/** How often a link was used and when it expires: "2 of 10 used, until 3 May 2026". */
export function termsOf({ expiresAt, maxUses, uses }: Pick<Invite, 'expiresAt' | 'maxUses' | 'uses'>): string {
  const used = maxUses === null ? `${uses} used` : `${uses} of ${maxUses} used`
  if (expiresAt === null) return `${used}, never expires`
  const until = new Date(expiresAt).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })
  return `${used}, until ${until}`
}
