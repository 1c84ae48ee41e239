import { useState } from 'react'
import type { AdminPerson } from '../../../contract/admin'
import { limits } from '../../../contract/rules'
import { DoneLine } from '../../ui/act'
import { useDebounced } from '../../ui/debounced'
import { SearchField, SelectField } from '../../ui/fields'
import { Table } from '../../ui/table'
import { usePages } from '../pages'
import { ListEnd, SectionPage, type SectionProps } from '../section'
import { type PersonAct, PersonActDialog } from './person-act-dialog'
import { PersonRow } from './person-row'

const roles = [
  { value: '', words: 'Everyone' },
  { value: 'admin', words: 'Admins' },
  { value: 'member', words: 'Members' },
  { value: 'guest', words: 'Guests' },
  { value: 'bot', words: 'Bots' },
]

type Role = 'admin' | 'member' | 'guest' | 'bot'

/** Everybody with an account, and what an admin can do about them. */
export function People({ client, me }: SectionProps) {
  const [text, setText] = useState('')
  const [role, setRole] = useState<Role | ''>('')
  const query = useDebounced(text.trim())
  const { pages, hasMore, failure, loadMore, reload, retry } = usePages(['admin-people', query, role], (cursor) =>
    client.trpc.admin.people.query({ query, ...(role && { role }), cursor }),
  )
  const [opened, setOpened] = useState<{ person: AdminPerson; act: PersonAct } | null>(null)
  const [done, setDone] = useState<string | null>(null)
  const people = pages?.flatMap((page) => page.people) ?? null

  function open(person: AdminPerson, act: PersonAct) {
    setDone(null)
    setOpened({ person, act })
  }

  return (
    <SectionPage
      title="People"
      intro="Everyone with an account on this server. What you do here takes effect right away, and is written to the audit log."
    >
      <div className="mb-4 flex flex-wrap items-end gap-3">
        <SearchField
          label="Search people"
          placeholder="Search by name"
          value={text}
          maxLength={limits.peopleQuery}
          onValue={setText}
          className="min-w-40 flex-1"
        />
        <SelectField
          label="Role"
          hidesLabel
          value={role}
          options={roles}
          onChange={(event) => setRole(event.target.value as Role | '')}
          className="w-34"
        />
      </div>
      <div className="mb-2 flex empty:hidden has-[p:empty]:mb-0">
        <DoneLine>{done}</DoneLine>
      </div>
      {people && people.length > 0 && (
        <Table label="People" columns={['Name', 'Role', 'Sign-in', 'Last here', { hidden: 'Actions' }]}>
          {people.map((person) => (
            <PersonRow key={person.id} person={person} isMe={person.username === me} onAct={(act) => open(person, act)} />
          ))}
        </Table>
      )}
      <ListEnd
        count={people?.length ?? null}
        failure={failure}
        hasMore={hasMore}
        empty={query ? `Nobody matches “${query}”.` : 'There is nobody with this role.'}
        more="Show more people"
        onMore={loadMore}
        onRetry={retry}
      />
      {opened && (
        <PersonActDialog
          client={client}
          {...opened}
          isMe={opened.person.username === me}
          onDone={setDone}
          // Also after a failure: somebody else may have acted, or the viewer may be no admin any more.
          onAnswer={() => void reload()}
          onClose={() => setOpened(null)}
        />
      )}
    </SectionPage>
  )
}
