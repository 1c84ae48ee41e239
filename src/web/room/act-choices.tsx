import { Copy, MailOpen, Pencil, Reply, Trash2 } from 'lucide-react'
import type { ComponentType } from 'react'
import type { Message } from '../../sdk'
import type { MessageActs } from './message-acts'

export interface ActChoice {
  name: string
  Icon: ComponentType<{ className?: string; 'aria-hidden'?: 'true' }>
  run(): void
  isGrave?: boolean
}

/** What its reader can do with a message, other than reacting to it. */
export function choicesFor(message: Message, acts: MessageActs): ActChoice[] {
  const isOwn = message.author.username === acts.me
  const choices: (ActChoice | false)[] = [
    acts.mayWrite && { name: 'Reply', Icon: Reply, run: () => acts.reply(message) },
    isOwn && acts.mayAct && { name: 'Edit', Icon: Pencil, run: () => acts.edit(message) },
    // Browsers have a clipboard only on pages that came over TLS, and on this machine's own.
    'clipboard' in navigator && { name: 'Copy text', Icon: Copy, run: () => void navigator.clipboard.writeText(message.text) },
    { name: 'Mark unread from here', Icon: MailOpen, run: () => acts.markUnread(message) },
    (acts.mayRemoveAny || (isOwn && acts.mayRemoveOwn)) && {
      ...{ name: 'Remove', Icon: Trash2, isGrave: true },
      run: () => acts.remove(message),
    },
  ]
  return choices.filter((choice) => choice !== false)
}
