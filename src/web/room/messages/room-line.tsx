import type { Message } from '../../../sdk'
import { describeRoomLine } from '../../../sdk/react/components/room-line-words'
import { useIsLocal } from '../../ui/local-time'
import { formatFull } from '../../ui/times'
import { useMessageActs } from './message-acts'

/** Something that happened to the room, in quiet type between the messages. */
export function RoomLine({ message }: { message: Message }) {
  const { me } = useMessageActs()
  const isLocal = useIsLocal()
  return (
    <li
      data-seq={message.seq}
      className="mx-auto my-2 max-w-[40rem] px-6 text-center text-faint text-sm [overflow-wrap:anywhere]"
      title={isLocal ? formatFull(message.time) : undefined}
    >
      {describeRoomLine(message, me).map((part, index) =>
        typeof part === 'string' ? (
          part
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a line have no other identity
          <bdi key={index} className={'person' in part ? 'font-medium text-soft' : undefined}>
            {'person' in part ? part.person : part.quoted}
          </bdi>
        ),
      )}
    </li>
  )
}
