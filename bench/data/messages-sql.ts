import { knownTexts, urlsPer100_000 } from './known-texts'
import type { Sizes } from './sizes'
import type { Step } from './step'

/** Out of 1,000 messages, by a number from 0 to 999 that is made from their own. */
const line = 'h < 4'
const removed = 'h BETWEEN 4 AND 8'
const edited = 'h BETWEEN 9 AND 28'
const reactedTo = 'h BETWEEN 29 AND 58'
const mentioning = 'h BETWEEN 59 AND 78'
const mentioningAll = 'h = 79'
/** No more than a room can have. */
const pinned = 'h = 80 AND seq <= 50000'

/** The message of the big room that has many answers, and one with 40. */
export const answeredSeqs = ({ messagesInBigRoom }: Sizes) => ({
  many: Math.floor(messagesInBigRoom * 0.9),
  few: Math.floor(messagesInBigRoom * 0.9) - 1,
})

const parts = 10

/** The messages and what hangs on them, as the program itself would have written them. */
export function messageSteps(sizes: Sizes): Step[] {
  const { messages, rooms } = sizes
  const { many, few } = answeredSeqs(sizes)
  const span = Math.ceil(messages / parts)
  return [
    {
      name: 'who wrote where and when',
      weight: 22,
      sql: `
        CREATE UNLOGGED TABLE made.plan AS
        SELECT n, room, row_number() OVER (PARTITION BY room ORDER BY n)::int AS seq, made.whole(n, 20, 1000) AS h,
          -- Of the author, and of somebody whom the message may name, among the room's members.
          1 + floor(of * made.part(n, 31) ^ 2)::int AS author_place, 1 + made.whole(n, 32, of) AS named_place
        FROM (
          SELECT n::int, CASE WHEN n % 2 = 0 THEN 0 ELSE 1 + floor(${rooms - 1} * made.part(n, 21) ^ 2)::int END AS room
          FROM generate_series(1, ${messages}) n
        ) spread JOIN made.crowds USING (room);
        ANALYZE made.plan;
        CREATE UNLOGGED TABLE made.sizes AS SELECT room, max(seq) AS last_seq FROM made.plan GROUP BY room;
        ANALYZE made.sizes`,
    },
    {
      name: 'answers and changes',
      weight: 14,
      sql: `
        CREATE UNLOGGED TABLE made.answers AS
        SELECT p.room, p.seq, a.seq AS answered, a.seq AS thread FROM (
          SELECT room, seq, CASE
              WHEN room = 0 AND seq > ${many} AND seq <= ${many} + 2 * ${sizes.answers} AND seq % 2 = 0 THEN ${many}
              WHEN room = 0 AND seq > ${many} AND seq <= ${many} + 80 THEN ${few}
              WHEN made.part(n, 22) < 0.07 THEN seq - 1 - floor(least(seq - 1, 40) * made.part(n, 23) ^ 2)::int
            END AS to_seq
          FROM made.plan WHERE NOT (${line})
        ) p JOIN made.plan a ON a.room = p.room AND a.seq = p.to_seq WHERE p.to_seq >= 1 AND NOT (a.${line});
        CREATE INDEX ON made.answers (room, seq);
        ANALYZE made.answers;
        -- Each answer takes the thread of the message that it answers; every round doubles how far up they have come.
        DO $$
        BEGIN
          LOOP
            UPDATE made.answers a SET thread = p.thread FROM made.answers p WHERE p.room = a.room AND p.seq = a.thread;
            EXIT WHEN NOT FOUND;
          END LOOP;
        END
        $$;
        CREATE UNLOGGED TABLE made.reactions AS
        SELECT c.room, c.seq, c.nth, (ARRAY['👍','🎉','❤️','😂','👀'])[1 + made.whole(n, 24, 5)] AS emoji, m.person
        FROM (
          SELECT p.n, room, p.seq, nth, 1 + (made.whole(n, 26, of) + nth) % of AS place
          FROM made.plan p JOIN made.crowds USING (room) CROSS JOIN LATERAL generate_series(1, least(of, 1 + made.whole(n, 25, 3))) nth
          WHERE ${reactedTo} OFFSET 0
        ) c JOIN made.members m ON m.room = c.room AND m.place = c.place;
        -- Everything that gave an existing message a version of its own: after which message, in which order, and whose.
        CREATE UNLOGGED TABLE made.changes AS
        SELECT room, after_seq, seq, kind, row_number() OVER (PARTITION BY room ORDER BY after_seq, kind, seq)::int AS nth FROM (
          SELECT room, seq AS after_seq, answered AS seq, 1 AS kind FROM made.answers
          UNION ALL SELECT room, least(seq + 1 + h % 5, z.last_seq), seq, 2 FROM made.plan JOIN made.sizes z USING (room) WHERE ${edited}
          UNION ALL SELECT room, least(seq + nth, z.last_seq), seq, 2 + nth FROM made.reactions JOIN made.sizes z USING (room)
          UNION ALL SELECT room, least(seq + 1 + h % 5, z.last_seq), seq, 9 FROM made.plan JOIN made.sizes z USING (room) WHERE ${removed}
        ) changed;
        ANALYZE made.answers, made.reactions, made.changes`,
    },
    {
      name: 'versions',
      weight: 16,
      sql: `
        CREATE UNLOGGED TABLE made.versions AS
        SELECT room, seq, max(version)::int AS version FROM (
          SELECT room, seq, row_number() OVER (PARTITION BY room ORDER BY after_seq, kind, seq) AS version FROM (
            SELECT room, seq AS after_seq, 0 AS kind, seq FROM made.plan
            UNION ALL SELECT room, after_seq, kind, seq FROM made.changes
          ) every
        ) numbered GROUP BY room, seq;
        ANALYZE made.versions`,
    },
    {
      name: 'rooms, memberships',
      weight: 8,
      sql: `
        INSERT INTO rooms (id, kind, name, topic, last_seq, last_version, member_count, direct_key, created_by, created_at, archived_at)
        SELECT r.id, r.kind::room_kind, CASE r.kind WHEN 'direct' THEN '' ELSE r.name END, CASE r.kind WHEN 'direct' THEN '' ELSE r.topic END,
          coalesce(z.last_seq, 0), coalesce(z.last_seq, 0) + coalesce(c.count, 0), w.of,
          CASE r.kind WHEN 'direct' THEN least(o.id, t.id) || ' ' || greatest(o.id, t.id) END, o.id, now() - interval '10 years',
          CASE WHEN r.archived THEN now() - interval '30 days' END
        FROM made.rooms r JOIN made.people o ON o.n = r.owner JOIN made.crowds w ON w.room = r.n LEFT JOIN made.people t ON t.n = r.other
        LEFT JOIN made.sizes z ON z.room = r.n LEFT JOIN (SELECT room, count(*)::int FROM made.changes GROUP BY room) c ON c.room = r.n;
        INSERT INTO memberships (room_id, user_id, member_name, role, read_seq, notify, joined_at)
        SELECT r.id, p.id, p.username, m.role::room_role,
          CASE WHEN made.part(m.person, m.room) < 0.5 THEN coalesce(z.last_seq, 0) ELSE greatest(0, coalesce(z.last_seq, 0) - made.whole(m.person, m.room, 60)) END,
          CASE WHEN m.person % 10 = 0 THEN 'mentions' ELSE 'all' END::notification_level,
          now() - interval '10 years'
        FROM made.members m JOIN made.rooms r ON r.n = m.room JOIN made.people p ON p.n = m.person LEFT JOIN made.sizes z ON z.room = m.room`,
    },
    ...Array.from({ length: parts }, (_, part) => ({
      name: `messages, part ${part + 1} of ${parts}`,
      weight: 12,
      sql: insertMessages(part * span + 1, (part + 1) * span, sizes),
    })),
    {
      name: 'reactions, mentions',
      weight: 8,
      sql: `
        INSERT INTO reactions (room_id, seq, emoji, user_id, at)
        SELECT r.id, c.seq, c.emoji, p.id, now() - interval '1 year' FROM made.reactions c JOIN made.rooms r ON r.n = c.room JOIN made.people p ON p.n = c.person
        ON CONFLICT DO NOTHING;
        INSERT INTO room_changes (room_id, version, seq, last_seq)
        SELECT r.id, c.after_seq + c.nth, c.seq, c.after_seq FROM made.changes c JOIN made.rooms r ON r.n = c.room;
        INSERT INTO mentions (user_id, room_id, seq)
        SELECT u.id, m.room_id, m.seq FROM messages m JOIN users u ON u.username = m.mentions[1]
        WHERE m.mentions <> '{}' AND u.id <> m.author_id`,
    },
  ]
}

function insertMessages(from: number, to: number, { messages }: Sizes): string {
  const cases = knownTexts.map(({ text }, index) => {
    const start = knownTexts.slice(0, index).reduce((sum, { per100_000 }) => sum + per100_000, 0)
    return `WHEN k BETWEEN ${start} AND ${start + (knownTexts[index]?.per100_000 ?? 0) - 1} THEN ' ${text}'`
  })
  const known = knownTexts.reduce((sum, { per100_000 }) => sum + per100_000, 0)
  return `
    INSERT INTO messages (room_id, seq, version, kind, author_id, detail_user_id, uid, client_id, body_hash, text, time, reply_to_seq, thread, reply_count,
      mentions, mentions_room, reaction_count, edited_at, deleted_at, pinned_at)
    SELECT id, seq, version, CASE WHEN is_line THEN 'added' ELSE 'text' END, author_id, CASE WHEN is_line THEN named_id END,
      CASE WHEN NOT is_line THEN 'n8f3k2-' || (n % 5000) END, client_id,
      CASE WHEN client_id IS NULL THEN NULL WHEN answered IS NULL THEN substr(sha256(convert_to(text, 'UTF8')), 1, 8)
        ELSE substr(sha256(sha256(convert_to(text, 'UTF8')) || int4send(answered)), 1, 8) END,
      CASE WHEN is_line OR ${removed} THEN '' ELSE text END, at, answered, thread, answers,
      CASE WHEN ${mentioning} THEN ARRAY[named] WHEN ${mentioningAll} THEN ARRAY['@room'] ELSE '{}' END, ${mentioningAll},
      CASE WHEN ${reactedTo} THEN reactions ELSE 0 END,
      CASE WHEN ${edited} THEN at + interval '1 minute' END, CASE WHEN ${removed} THEN at + interval '1 hour' END,
      CASE WHEN ${pinned} THEN at + interval '1 hour' END
    FROM (
      SELECT p.n, p.h, r.id, p.seq, v.version, w.id AS author_id, o.id AS named_id, o.username AS named, a.answered, a.thread,
        p.h < 4 AND r.kind = 'private' AS is_line,
        CASE WHEN NOT (p.h < 4 AND r.kind = 'private') THEN made.id('send' || p.n)::text END AS client_id,
        now() - interval '10 years' + p.n * (interval '10 years' / ${messages}) AS at,
        coalesce(c.count, 0) AS answers, coalesce(e.count, 0) AS reactions,
        x.text || CASE WHEN y.text IS NULL THEN '' ELSE ' ' || y.text END || CASE
          ${cases.join('\n          ')}
          WHEN k BETWEEN ${known} AND ${known + urlsPer100_000 - 1} THEN ' https://git.example.com/team/project-' || p.n % 50 || '/pull/' || p.n || '?tab=files'
          ELSE '' END || CASE WHEN ${mentioning} THEN ' @' || o.username WHEN ${mentioningAll} THEN ' @room' ELSE '' END AS text
      FROM (SELECT *, made.whole(n, 30, 100000) AS k FROM made.plan WHERE n BETWEEN ${from} AND ${to}) p
      JOIN made.rooms r ON r.n = p.room
      JOIN made.versions v ON v.room = p.room AND v.seq = p.seq
      JOIN made.members m ON m.room = p.room AND m.place = p.author_place
      JOIN made.people w ON w.n = m.person
      JOIN made.members q ON q.room = p.room AND q.place = p.named_place
      JOIN made.people o ON o.n = q.person
      JOIN made.phrases x ON x.number = made.whole(p.n, 33, 50000)
      LEFT JOIN made.phrases y ON made.part(p.n, 34) < 0.5 AND y.number = made.whole(p.n, 35, 50000)
      LEFT JOIN made.answers a ON a.room = p.room AND a.seq = p.seq
      LEFT JOIN (SELECT room, answered, count(*)::int FROM made.answers GROUP BY room, answered) c ON c.room = p.room AND c.answered = p.seq
      LEFT JOIN (SELECT room, seq, count(*)::int FROM made.reactions GROUP BY room, seq) e ON e.room = p.room AND e.seq = p.seq
    ) made ORDER BY n`
}
