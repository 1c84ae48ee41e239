import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { AdminConnection } from '../../contract/admin'
import { isUsername, limits } from '../../contract/rules'
import { readFailure } from '../../sdk'
import { describeDevice } from '../account/session-list'
import { Avatar } from '../ui/avatar'
import { useDebounced } from '../ui/debounced'
import { SearchField } from '../ui/fields'
import { Table, TableCell, TableRow } from '../ui/table'
import { formatFull, timeAgo } from '../ui/times'
import { ListEnd, SectionPage, type SectionProps } from './section'

const refreshMs = 4_000

/** Who is connected right now, on all nodes. Read again every few seconds while the page can be seen. */
export function ConnectionsSection({ client }: SectionProps) {
  const [text, setText] = useState('')
  const typed = useDebounced(text.trim().toLowerCase().replace(/^@/, ''))
  const username = isUsername(typed) ? typed : undefined
  const { data, error, refetch } = useQuery({
    queryKey: ['admin-connections', username],
    queryFn: () => client.trpc.admin.connections.query({ ...(username && { username }) }),
    refetchInterval: refreshMs,
    placeholderData: keepPreviousData,
  })
  const failure = error && readFailure(error)
  const connections = failure?.name === 'USER_NOT_FOUND' ? [] : (data?.connections ?? null)

  return (
    <SectionPage
      title="Connections"
      intro="The browsers and programs that are connected right now. The list renews itself every few seconds."
      actions={
        data && (
          <p className="flex items-center gap-2 text-sm" role="status">
            <span aria-hidden="true" className="skeleton size-2 shrink-0 rounded-full bg-accent!" />
            {data.count.toLocaleString()} {data.count === 1 ? 'connection' : 'connections'}
          </p>
        )
      }
    >
      <SearchField
        label="Show only the connections of"
        placeholder="Username"
        value={text}
        maxLength={limits.username.max + 1}
        onValue={setText}
        className="mb-4"
      />
      {data && data.silentNodes > 0 && (
        <p role="status" className="mb-3 rounded-m bg-spark-soft px-3 py-2.5 text-sm">
          {data.silentNodes === 1 ? 'One server process' : `${data.silentNodes} server processes`} didn't answer in time. Some connections
          are missing here.
        </p>
      )}
      {connections && connections.length > 0 && (
        <Table label="Connections" columns={['Person', 'Device', 'Address', 'Connected', 'Server']}>
          {connections.map((connection) => (
            <ConnectionRow key={connection.uid} connection={connection} />
          ))}
        </Table>
      )}
      {data && data.count > data.connections.length && (
        <p className="mt-3 text-soft text-sm">The newest {data.connections.length.toLocaleString()} are shown.</p>
      )}
      <ListEnd
        count={connections?.length ?? null}
        failure={failure?.name === 'USER_NOT_FOUND' ? null : failure}
        hasMore={false}
        empty={username ? `@${username} isn't connected.` : 'Nobody is connected.'}
        more=""
        onMore={() => {}}
        onRetry={() => void refetch()}
      />
    </SectionPage>
  )
}

function ConnectionRow({ connection }: { connection: AdminConnection }) {
  const { username, displayName, device, ip, openedAt, node, subscriptions } = connection
  return (
    <TableRow>
      <TableCell className="md:w-[34%]">
        <div className="flex min-w-0 items-center gap-2.5">
          <Avatar username={username} displayName={displayName} className="size-8! text-xs!" />
          <span className="min-w-0 leading-tight">
            <bdi className="block font-medium [overflow-wrap:anywhere]">{displayName}</bdi>
            <span className="block text-faint text-xs [overflow-wrap:anywhere]">@{username}</span>
          </span>
        </div>
      </TableCell>
      <TableCell label="Device">
        <span title={device ?? undefined}>{describeDevice(device).words}</span>
      </TableCell>
      <TableCell label="Address">
        <span className="[overflow-wrap:anywhere] max-md:text-right">{ip}</span>
      </TableCell>
      <TableCell label="Connected">
        <time dateTime={openedAt} title={formatFull(openedAt)}>
          {timeAgo(openedAt)}
        </time>
      </TableCell>
      <TableCell label="Server">
        <span className="max-md:text-right">
          <span className="[overflow-wrap:anywhere]">{node}</span>
          <span className="block text-faint text-xs">
            {subscriptions} {subscriptions === 1 ? 'subscription' : 'subscriptions'}
          </span>
        </span>
      </TableCell>
    </TableRow>
  )
}
