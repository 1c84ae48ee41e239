import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import { WebSocket } from 'ws'
import type { AppRouter } from '../../src/server/router'
import type { Person } from '../support/roomline'

/** What a client of this person writes in an ordinary hour, frame by frame. */
export async function recordSession(url: string, { cookie }: Person, { username: other }: Person): Promise<string[]> {
  const frames: string[] = []
  class RecordingSocket extends WebSocket {
    constructor(address: string | URL) {
      super(address, { headers: { cookie } })
    }
    override send(...sent: unknown[]): void {
      frames.push(String(sent[0]))
      Reflect.apply(super.send, this, sent)
    }
  }
  const client = createWSClient({ url, WebSocket: RecordingSocket as unknown as typeof globalThis.WebSocket })
  const trpc = createTRPCClient<AppRouter>({ links: [wsLink({ client })] })
  const following: { unsubscribe(): void }[] = []
  const start = (subscribe: (handlers: { onStarted: () => void; onError: (error: unknown) => void }) => { unsubscribe(): void }) =>
    new Promise<void>((resolve, reject) => following.push(subscribe({ onStarted: resolve, onError: reject })))

  await Promise.all([trpc.session.me.query(), trpc.rooms.list.query(), trpc.users.me.query()])
  await start((handlers) => trpc.rooms.onChange.subscribe(undefined, handlers))
  const { id: room } = await trpc.rooms.create.mutate({ name: 'recorded', kind: 'private', topic: 'all of it', members: [other] })
  await start((handlers) => trpc.chat.onMessage.subscribe({ room }, handlers))
  await start((handlers) => trpc.chat.onMessage.subscribe({ room: 'general', lastEventId: '0' }, handlers))
  await start((handlers) => trpc.presence.onChange.subscribe({ room }, handlers))
  await trpc.chat.typing.mutate({ room })
  const { seq } = await trpc.chat.send.mutate({ room, text: `Good morning @${other}, see https://example.com/a`, clientId: 'recorded-1' })
  await trpc.chat.send.mutate({ room, text: 'an answer 🎉', clientId: 'recorded-2', replyTo: seq })
  await trpc.chat.edit.mutate({ room, seq, text: 'Good evening' })
  await trpc.chat.react.mutate({ room, seq, emoji: '👍' })
  await trpc.chat.unreact.mutate({ room, seq, emoji: '👍' })
  await trpc.chat.markRead.mutate({ room, seq })
  await trpc.chat.markUnread.mutate({ room, seq })
  await trpc.chat.history.query({ room, before: 10, limit: 50 })
  await trpc.chat.search.query({ query: 'evening "good"', room })
  await trpc.chat.remove.mutate({ room, seq })
  await trpc.rooms.members.query({ room })
  await trpc.rooms.browse.query({ query: 'gen' })
  await trpc.rooms.update.mutate({ room, topic: 'another', slowModeSeconds: 0 })
  await trpc.rooms.setNotify.mutate({ room, notify: 'mentions' })
  await trpc.rooms.mute.mutate({ room, username: other, minutes: 5 })
  await trpc.rooms.unmute.mutate({ room, username: other })
  const invite = await trpc.rooms.createInvite.mutate({ room })
  await trpc.rooms.showInvite.query({ token: invite.token })
  await trpc.rooms.revokeInvite.mutate({ room, invite: invite.id })
  await trpc.users.search.query({ query: other.slice(0, 3) })
  await trpc.users.get.query({ username: other })
  await trpc.users.update.mutate({ status: 'recording' })
  await trpc.presence.update.mutate({ away: true })
  await trpc.session.list.query()
  for (const subscription of following) subscription.unsubscribe()
  await client.close()
  return frames
}
