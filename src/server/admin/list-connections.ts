import type { z } from 'zod'
import type { AdminConnection, AdminConnections, adminConnectionsInput } from '../../contract/admin'
import { requireAdmin, requireSubject } from './acting'
import { type ConnectionSurvey, maxToldConnections } from './connection-survey'
import type { AdminContext, AdminNeeds } from './needs'

/** The open connections on all nodes, the newest first. @throws {Failure} USER_NOT_FOUND */
export async function listConnections(
  { parts, actorId }: AdminContext<Pick<AdminNeeds, 'pool'> & { survey: ConnectionSurvey }>,
  input: z.output<typeof adminConnectionsInput>,
): Promise<AdminConnections> {
  const userId = input?.username === undefined ? null : (await requireSubject(parts.pool, input.username)).id
  const { answers, silentNodes } = await parts.survey.ask(userId)
  const newest = answers
    .flatMap(({ node, connections }) => connections.map((connection) => ({ ...connection, node })))
    .sort((a, b) => b.openedAt - a.openedAt)
    .slice(0, maxToldConnections)
  // LATERAL with LIMIT 1: looked up by key, whatever the planner expects.
  const { rows: people } = await parts.pool.query<Pick<AdminConnection, 'username' | 'displayName' | 'device'> & { place: number }>(
    `SELECT k.place::int, u.username, u.display_name AS "displayName", s.user_agent AS device
     FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS k(user_id, session_id, place)
     CROSS JOIN LATERAL (SELECT * FROM users u WHERE u.id = k.user_id LIMIT 1) u
     LEFT JOIN LATERAL (SELECT * FROM sessions s WHERE s.id = k.session_id LIMIT 1) s ON true`,
    [newest.map((each) => each.userId), newest.map(({ sessionId }) => sessionId)],
  )
  await requireAdmin(parts.pool, actorId)
  const byPlace = new Map(people.map(({ place, ...person }) => [place, person]))
  const connections = newest.flatMap(({ userId: _, openedAt, ...connection }, index) => {
    const person = byPlace.get(index + 1)
    return person ? [{ ...connection, ...person, openedAt: new Date(openedAt).toISOString() }] : []
  })
  return { connections, count: answers.reduce((sum, { count }) => sum + count, 0), silentNodes }
}
