import { Download } from 'lucide-react'
import { useState } from 'react'
import { type AuditEntry, type AuditKind, auditGroups, auditKinds } from '../../../contract/audit'
import { isUsername, limits } from '../../../contract/rules'
import { goTo, useQueryInAddress } from '../../navigation'
import { adminPath } from '../../paths'
import { useDebounced } from '../../ui/debounced'
import { SearchField, SelectField } from '../../ui/fields'
import { Table, TableCell, TableRow } from '../../ui/table'
import { formatClock, formatDay, formatFull } from '../../ui/times'
import { usePages } from '../pages'
import { ListEnd, SectionPage, type SectionProps } from '../section'
import { actorWords, describeAct, detailWords, groupNames, kindWords } from './audit-words'

type Kind = AuditKind | (typeof auditGroups)[number]

const kinds = [
  { value: '', words: 'Everything' },
  ...auditGroups.map((group) => ({
    group: groupNames[group],
    options: [
      { value: group as string, words: `${groupNames[group]}: all` },
      ...auditKinds.filter((kind) => kind.startsWith(`${group}.`)).map((kind) => ({ value: kind as string, words: kindWords(kind) })),
    ],
  })),
]

const isKind = (value: string): value is Kind => [...auditGroups, ...auditKinds].some((kind) => kind === value)

/** Who did what, the newest first. The filters are in the address, so that a link can lead to them. */
export function AuditLog({ client }: SectionProps) {
  const filters = new URLSearchParams(useQueryInAddress())
  const kind = filters.get('kind') ?? ''
  const [typed, setTyped] = useState<string | null>(null)
  const person = typed ?? filters.get('actor') ?? ''
  const actor = useDebounced(person.trim().toLowerCase().replace(/^@/, ''))
  const asked = { ...(isUsername(actor) && { actor }), ...(isKind(kind) && { kind }) }
  const { pages, hasMore, failure, loadMore, retry } = usePages(['admin-audit', asked], (cursor) =>
    client.trpc.admin.audit.query({ ...asked, cursor }),
  )
  const entries = pages?.flatMap((page) => page.entries) ?? null

  function filter(change: { actor?: string; kind?: string }) {
    goTo(adminPath('audit', { actor: person, kind, ...change }), { replace: true })
  }

  return (
    <SectionPage
      title="Audit log"
      intro="Who signed in, who was refused, and what admins and moderators did. Entries outlive the people and rooms that they name."
      actions={
        <a
          href="/api/admin/audit.jsonl"
          download
          className="inline-flex min-h-11 items-center gap-2 rounded-m border border-line-strong bg-raised px-4 font-medium text-sm transition-colors hover:bg-hover mouse:min-h-9"
        >
          <Download aria-hidden="true" className="size-4" />
          Export as JSON lines
        </a>
      }
    >
      <div className="mb-4 flex flex-wrap items-end gap-3">
        <SearchField
          label="Who did it"
          placeholder="Username of who did it"
          value={person}
          maxLength={limits.username.max + 1}
          onValue={(value) => {
            setTyped(value)
            filter({ actor: value })
          }}
          className="min-w-48 flex-1"
        />
        <SelectField
          label="What was done"
          hidesLabel
          value={kind}
          options={kinds}
          onChange={(event) => filter({ kind: event.target.value })}
          className="min-w-48 flex-1"
        />
      </div>
      {entries && entries.length > 0 && (
        <Table label="Audit log" columns={['When', 'What', 'Address']}>
          {entries.map((entry) => (
            <AuditRow key={entry.id} entry={entry} />
          ))}
        </Table>
      )}
      <ListEnd
        count={entries?.length ?? null}
        failure={failure}
        hasMore={hasMore}
        empty="No entries match."
        more="Show older entries"
        onMore={loadMore}
        onRetry={retry}
      />
    </SectionPage>
  )
}

function AuditRow({ entry }: { entry: AuditEntry }) {
  const { at, ip, detail } = entry
  const details = detailWords(detail)
  return (
    <TableRow>
      <TableCell className="whitespace-nowrap text-faint md:w-48">
        <time dateTime={at} title={formatFull(at)}>
          {formatDay(new Date(at))}, {formatClock(at)}
        </time>
      </TableCell>
      <TableCell>
        <p className="[overflow-wrap:anywhere]">
          <span className="font-medium">{actorWords(entry)}</span> <bdi>{describeAct(entry)}</bdi>
        </p>
        {details && <p className="text-faint text-xs [overflow-wrap:anywhere]">{details}</p>}
      </TableCell>
      <TableCell className="text-faint [overflow-wrap:anywhere] md:w-36">{ip ?? <span className="max-md:hidden">None</span>}</TableCell>
    </TableRow>
  )
}
