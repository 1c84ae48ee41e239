import { roomline, toChatUser } from '../../roomline'
import { currentUser } from '../../users'

/** A token for whoever is signed in to this app. The browser asks for it, and shows it to Roomline. */
export async function GET(): Promise<Response> {
  const user = await currentUser()
  if (!user) return new Response(null, { status: 401 })
  return new Response(await roomline.tokenFor(toChatUser(user)), { headers: { 'cache-control': 'no-store' } })
}
