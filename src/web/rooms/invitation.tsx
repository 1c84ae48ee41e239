'use client'

import { useMemo } from 'react'
import type { Chat, InvitedRoom } from '../../sdk'
import { isOfSession, useSignedInClient } from '../account/signed-in-client'
import type { Visitor } from '../account/visitor'
import { roomPath } from '../paths'
import { FailureLine, useAct } from '../ui/act'
import { useAnswer } from '../ui/answer'
import { Button } from '../ui/button'
import { linkButton, NoticePage } from '../ui/pages'
import { RoomIcon } from './room-mark'

const toRooms = (
  <a className={linkButton} href="/">
    Go to your rooms
  </a>
)

/** Shows which room a link invites to, and lets the visitor accept. */
export function Invitation({ visitor, token }: { visitor: Visitor; token: string }) {
  const { client, status, isTurnedAway } = useSignedInClient(visitor)
  const { value: invited, failure: reason } = useAnswer(
    useMemo(() => client && (() => client.trpc.rooms.showInvite.query({ token })), [client, token]),
  )
  const failure = reason && !isOfSession(reason) ? reason : null

  if (failure?.name === 'INVITE_NOT_FOUND' || failure?.name === 'BAD_REQUEST') {
    return (
      <NoticePage title="This invitation is invalid or has expired" actions={toRooms}>
        It may have been used up or revoked, or part of the link may be missing. Ask the person who sent it for a new one.
      </NoticePage>
    )
  }
  if (failure || isTurnedAway || status.state === 'refused') {
    return (
      <NoticePage title="Couldn't load the invitation" actions={<Button onClick={() => location.reload()}>Try again</Button>}>
        {failure?.words ?? (status.state === 'refused' ? status.reason.words : "The chat server didn't accept your session.")}
      </NoticePage>
    )
  }
  if (!client || !invited) {
    return (
      <NoticePage title="Invitation" actions={null}>
        <span role="status" className="late">
          Loading…
        </span>
      </NoticePage>
    )
  }
  return <InvitedTo client={client} token={token} invited={invited} />
}

function InvitedTo({ client, token, invited }: { client: Chat; token: string; invited: InvitedRoom }) {
  const { pending, failure, run } = useAct()
  const { name, topic, kind, memberCount, joined } = invited

  async function accept() {
    await run(async () => {
      const room = await client.trpc.rooms.acceptInvite.mutate({ token })
      location.assign(roomPath(room.id))
    })
  }

  const actions = joined ? (
    <a className={linkButton} href={roomPath(invited.room)}>
      Open {name}
    </a>
  ) : (
    <>
      <Button pending={pending} onClick={accept}>
        Accept
      </Button>
      <a href="/" className="inline-flex min-h-11 items-center rounded-m px-4 font-medium text-sm text-soft hover:text-ink mouse:min-h-9">
        Not now
      </a>
    </>
  )
  return (
    <NoticePage
      title={joined ? `You're already in ${name}` : `You're invited to ${name}`}
      actions={
        <>
          {actions}
          <FailureLine failure={failure} className="w-full" />
        </>
      }
    >
      <span className="flex items-center gap-1.5">
        <RoomIcon kind={kind} />
        {kind === 'public' ? 'Public room' : 'Private room'}, {memberCount.toLocaleString()} {memberCount === 1 ? 'member' : 'members'}
      </span>
      {topic && (
        <bdi className="mt-3 block text-ink [overflow-wrap:anywhere]" dir="auto">
          {topic}
        </bdi>
      )}
    </NoticePage>
  )
}
