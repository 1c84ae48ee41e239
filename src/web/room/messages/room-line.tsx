import type { ReactNode } from 'react'
import type { Message } from '../../../sdk'
import { formatFull } from '../../ui/times'

/** Something that happened to the room, in quiet type between the messages. */
export function RoomLine({ message }: { message: Message }) {
  return (
    <li
      data-seq={message.seq}
      className="mx-auto my-2 max-w-[40rem] px-6 text-center text-faint text-sm [overflow-wrap:anywhere]"
      title={formatFull(message.time)}
    >
      <Name>{message.author.displayName}</Name> {whatHappened(message)}
    </li>
  )
}

const Name = ({ children }: { children: ReactNode }) => <bdi className="font-medium text-soft">{children}</bdi>

/** The rest of a sentence that begins with the author's name. */
function whatHappened({ kind, detail }: Message): ReactNode {
  const person = <Name>{detail?.user?.displayName ?? 'somebody'}</Name>
  switch (kind) {
    case 'joined':
      return detail?.user ? <>joined with an invitation from {person}</> : 'joined the room'
    case 'left':
      return 'left the room'
    case 'added':
      return <>added {person}</>
    case 'removed':
      return <>removed {person}</>
    case 'banned':
      return <>banned {person}</>
    case 'renamed':
      return (
        <>
          renamed the room to “<bdi>{detail?.name}</bdi>”
        </>
      )
    case 'topic':
      return detail?.topic ? (
        <>
          changed the topic to “<bdi>{detail.topic}</bdi>”
        </>
      ) : (
        'removed the topic'
      )
    case 'archived':
      return 'archived the room'
    case 'restored':
      return 'restored the room from the archive'
    case 'text':
      return null
  }
}
