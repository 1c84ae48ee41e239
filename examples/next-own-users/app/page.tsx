import { signIn, signOut } from './actions'
import { Room } from './room'
import { realtimeUrl, room, roomline, toChatUser } from './roomline'
import { currentUser } from './users'

export default async function Page() {
  const user = await currentUser()
  if (!user) {
    return (
      <form action={signIn}>
        <label>
          Your name <input name="name" placeholder="Ada or Ben" required />
        </label>
        <button type="submit">Sign in</button>
      </form>
    )
  }
  // Read as this user. Without an answer the page is there all the same, and the client reads the room itself.
  const first = await roomline.preloadRoom(room, { as: toChatUser(user) }).catch(() => null)
  return (
    <main>
      <p>Signed in as {user.name}</p>
      <form action={signOut}>
        <button type="submit">Sign out</button>
      </form>
      <Room url={realtimeUrl} id={room} first={first} />
    </main>
  )
}
