import type { Message } from '../../../sdk'
import { formatFull } from '../../ui/times'

/** What happened to the room itself, quietly between what people said. */
export function RoomLine({ message }: { message: Message }) {
  return (
    <li
      data-seq={message.seq}
      className="mx-auto my-2 max-w-[40rem] px-6 text-center text-faint text-sm [overflow-wrap:anywhere]"
      title={formatFull(message.time)}
    >
      <bdi className="font-medium text-soft">{message.author.displayName}</bdi> {message.text}
    </li>
  )
}
