import { createHmac, timingSafeEqual } from 'node:crypto'
import { cookies } from 'next/headers'

/** This app's own users. In earnest they are in its database, and have passwords. */
const users = [
  { id: '1', name: 'Ada' },
  { id: '2', name: 'Ben' },
]
type User = (typeof users)[number]

const cookieName = 'app-session'
const sign = (id: string) =>
  createHmac('sha256', process.env.SESSION_SECRET ?? '')
    .update(id)
    .digest('hex')

export const findUserByName = (name: string): User | undefined => users.find((user) => user.name === name)

export async function startSession({ id }: User): Promise<void> {
  const jar = await cookies()
  jar.set(cookieName, `${id}.${sign(id)}`, { httpOnly: true, sameSite: 'lax', path: '/' })
}

export async function endSession(): Promise<void> {
  const jar = await cookies()
  jar.delete(cookieName)
}

/** Whoever is signed in to this app. */
export async function currentUser(): Promise<User | null> {
  const [id = '', signature = ''] = ((await cookies()).get(cookieName)?.value ?? '').split('.')
  const expected = Buffer.from(sign(id))
  const given = Buffer.from(signature)
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null
  return users.find((user) => user.id === id) ?? null
}
