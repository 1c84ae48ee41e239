import { useQuery } from '@tanstack/react-query'
import { type Chat, readFailure } from '../../sdk'
import { FailureLine, useAct } from '../ui/act'
import { Avatar } from '../ui/avatar'
import { Button } from '../ui/button'

/** The people who are banned from a room; moderators can unban them. */
export function BannedList({ client, room }: { client: Chat; room: string }) {
  const {
    data: bans,
    error,
    refetch,
  } = useQuery({
    queryKey: ['bans', room],
    queryFn: async () => (await client.trpc.rooms.bans.query({ room })).bans,
  })
  const { pending, failure, run } = useAct()

  function unban(username: string) {
    void run(async () => {
      await client.trpc.rooms.unban.mutate({ room, username })
      await refetch()
    })
  }

  return (
    <div className="min-h-0 flex-1 overflow-y-auto px-2 pb-4" aria-busy={bans === undefined}>
      <FailureLine failure={failure ?? (error && readFailure(error))} className="mx-1 mb-2" />
      <ul aria-label="Banned people">
        {bans?.map(({ user, by, reason, at }) => (
          <li key={user.id} className="flex items-center gap-2.5 rounded-m px-2 py-1.5 hover:bg-hover">
            <Avatar {...user} className="size-8! text-xs!" />
            <div className="min-w-0 flex-1 leading-tight">
              <bdi className="block truncate font-medium text-sm">{user.displayName}</bdi>
              <p className="text-faint text-xs [overflow-wrap:anywhere]" dir="auto">
                {by ? `Banned by @${by}, ` : 'Banned '}
                {new Date(at).toLocaleDateString()}
                {reason && `: ${reason}`}
              </p>
            </div>
            <Button
              look="outline"
              pending={pending}
              aria-label={`Unban ${user.displayName}`}
              onClick={() => unban(user.username)}
              className="px-3!"
            >
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
