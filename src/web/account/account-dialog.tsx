import { ShieldCheck } from 'lucide-react'
import * as Tabs from 'radix-ui/tabs'
import type { Chat } from '../../sdk'
import { adminPath } from '../paths'
import { Dialog } from '../ui/dialog'
import { withQueries } from '../ui/queries'
import { DeleteAccount } from './delete-account'
import { EditProfile } from './edit-profile'
import { SecuritySettings } from './security-settings'
import { SessionList } from './session-list'
import type { Visitor } from './visitor'

interface AccountDialogProps {
  client: Chat
  visitor: Pick<Visitor, 'id' | 'username' | 'role'>
  onRenamed(displayName: string): void
  /** The account was deleted, so the session is about to end. */
  onDeleting(): void
  onClose(): void
}

const tabs = [
  { value: 'profile', label: 'Profile' },
  { value: 'security', label: 'Security' },
  { value: 'sessions', label: 'Sessions' },
  { value: 'delete', label: 'Delete' },
] as const

function AccountDialog({ client, visitor, onRenamed, onDeleting, onClose }: AccountDialogProps) {
  return (
    <Dialog title="Your account" onClose={onClose}>
      {visitor.role === 'admin' && (
        <a
          href={adminPath('people')}
          className="-mx-2 mb-2 flex min-h-11 shrink-0 items-center gap-2.5 rounded-m px-2 text-sm transition-colors hover:bg-hover md:min-h-9"
        >
          <ShieldCheck aria-hidden="true" className="size-4 text-accent" />
          Administration
        </a>
      )}
      <Tabs.Root defaultValue="profile" className="flex min-h-0 flex-col">
        <Tabs.List aria-label="Your account" className="-mx-5 flex shrink-0 gap-1 border-line border-b px-3">
          {tabs.map(({ value, label }) => (
            <Tabs.Trigger
              key={value}
              value={value}
              className="-mb-px min-h-11 border-transparent border-b-2 px-2.5 font-medium text-sm text-soft transition-colors hover:text-ink data-[state=active]:border-accent data-[state=active]:text-ink md:min-h-10"
            >
              {label}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <div className="-mx-5 min-h-[21.5rem] overflow-y-auto px-5 pt-4 pb-1">
          <Tabs.Content value="profile" tabIndex={-1} className="outline-none">
            <EditProfile client={client} onRenamed={onRenamed} />
          </Tabs.Content>
          <Tabs.Content value="security" tabIndex={-1} className="outline-none">
            <SecuritySettings client={client} username={visitor.username} />
          </Tabs.Content>
          <Tabs.Content value="sessions" tabIndex={-1} className="outline-none">
            <SessionList client={client} />
          </Tabs.Content>
          <Tabs.Content value="delete" tabIndex={-1} className="outline-none">
            <DeleteAccount client={client} visitor={visitor} onDeleting={onDeleting} />
          </Tabs.Content>
        </div>
      </Tabs.Root>
    </Dialog>
  )
}

export default withQueries(AccountDialog)
