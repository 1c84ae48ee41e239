import { useCallback, useEffect, useState } from 'react'
import { type Ban, type ChatClient, type ChatFailure, readFailure } from '../../sdk'
import { FailureLine } from '../ui/act'
import { Avatar } from '../ui/avatar'
import { Button } from '../ui/button'

/** Who is kept out of a room, for moderators, who may let them in again. */
export function BannedList({ client, room }: { client: ChatClient; room: string }) {
  const [bans, setBans] = useState<readonly Ban[] | null>(null)
  const [failure, setFailure] = useState<ChatFailure | null>(null)

  const load = useCallback(async () => {
    try {
      setBans((await client.rooms.bans.query({ room })).bans)
      setFailure(null)
    } catch (error) {
      setFailure(readFailure(error))
    }
  }, [client, room])
  useEffect(() => void load(), [load])

  async function lift(username: string) {
    try {
      await client.rooms.unban.mutate({ room, username })
    } catch (error) {
      return setFailure(readFailure(error))
    }
    await load()
  }

  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-2 pb-4" aria-busy={bans === null}>
      <FailureLine failure={failure} className="mx-1 mb-2" />
      <ul aria-label="Banned people">
        {bans?.map(({ user, by, reason, at }) => (
          <li key={user.id} className="flex items-center gap-2.5 rounded-m px-2 py-1.5 hover:bg-hover">
            <Avatar {...user} className="size-8! text-xs!" />
            <div className="min-w-0 flex-1 leading-tight">
              <bdi className="block truncate font-medium text-sm">{user.displayName}</bdi>
              <p className="text-faint text-xs [overflow-wrap:anywhere]" dir="auto">
                {by ? `by @${by}, ` : ''}
                {new Date(at).toLocaleDateString()}
                {reason && `: ${reason}`}
              </p>
            </div>
            <Button look="outline" aria-label={`Lift the ban of ${user.displayName}`} onClick={() => lift(user.username)} className="px-3!">
              Unban
            </Button>
          </li>
        ))}
      </ul>
      <p role="status" className="px-2 py-1 text-sm text-soft empty:hidden">
        {bans?.length === 0 && 'Nobody is banned from this room.'}
      </p>
    </div>
  )
}
