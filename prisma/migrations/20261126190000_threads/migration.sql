-- The thread that a message belongs to: the seq of the first message of its chain of answers. Null for that first message
-- and for messages that answer nothing.
ALTER TABLE "messages" ADD COLUMN "thread" INTEGER;

-- In the order of their places: what a message answers is always older, so its thread is known by then. No version changes,
-- and no index is touched.
DO $$
DECLARE
  answer record;
BEGIN
  FOR answer IN SELECT room_id, seq, reply_to_seq FROM messages WHERE reply_to_seq IS NOT NULL ORDER BY room_id, seq LOOP
    UPDATE messages m
    SET thread = coalesce((SELECT p.thread FROM messages p WHERE p.room_id = answer.room_id AND p.seq = answer.reply_to_seq), answer.reply_to_seq)
    WHERE m.room_id = answer.room_id AND m.seq = answer.seq;
  END LOOP;
END
$$;

ALTER TABLE "messages" ADD CONSTRAINT "messages_thread_of_answers"
    CHECK (("thread" IS NULL) = ("reply_to_seq" IS NULL) AND "thread" <= "reply_to_seq" AND "reply_to_seq" < "seq");

-- The foreign key of answers needs the first one, for deleting rooms.
ALTER INDEX "messages_thread_idx" RENAME TO "messages_answers_idx";

CREATE INDEX "messages_thread_idx" ON "messages"("room_id", "thread", "seq") WHERE "thread" IS NOT NULL;

-- With `thread` in its answer, it is another function.
DROP FUNCTION store_sends(jsonb, boolean);

-- Stores sends that waited together, to one room or many, in one round trip. It is a function and not one large statement
-- because each statement of a function sees what was committed while the one before it waited for its lock: a membership
-- that ended, or a client_id that was stored, in the meantime counts.
--
-- sends:    [{place, room, author, uid, client_id, text, reply_to, mentions}], with each client_id of an author at most
--           once. mentions are usernames and "@room"; names of people who are not in the room are left out.
-- may_wait: whether to wait for rooms that another transaction holds. When false, no room is waited for, so that one held
--           room cannot delay the others; when true, only one room may be given, so that two callers cannot deadlock.
--
-- outcome:  stored · known (its client_id was used for the same message before) · reused (its client_id was used for
--           another message) · busy (another transaction holds the room: call again with may_wait) · not_a_member ·
--           archived · no_room (there is none, or the author may not see it) · muted · restricted (only moderators may
--           write) · too_soon (slow mode: wait for wait_ms) · no_parent (the message that it answers does not exist, or
--           was removed) · signed_out (its author was disabled or deleted)
--
-- An answer belongs to the thread of the message that it answers, or to the thread that begins with that message.
--
-- The author has read what they wrote. The message that was answered changes too: it gets a version of its own, after the
-- versions of everything that is stored with it, in the parent_version of the last answer to it.
CREATE FUNCTION store_sends(sends jsonb, may_wait boolean)
RETURNS TABLE (
  place int, outcome text, seq int, version int, "time" timestamptz, username text, display_name text, avatar text,
  mentions text[], reply_to jsonb, thread int, parent_version int, wait_ms int
)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  room_ids text[] := ARRAY(SELECT DISTINCT g.room FROM jsonb_to_recordset(sends) AS g(room text));
  locked_ids text[];
BEGIN
  IF may_wait THEN
    locked_ids := ARRAY(SELECT r.id FROM rooms r WHERE r.id = ANY(room_ids) ORDER BY r.id FOR NO KEY UPDATE);
  ELSE
    locked_ids := ARRAY(SELECT r.id FROM rooms r WHERE r.id = ANY(room_ids) FOR NO KEY UPDATE SKIP LOCKED);
  END IF;

  RETURN QUERY
  WITH input AS (
    SELECT g.*, CASE
        WHEN g.reply_to IS NULL THEN substr(sha256(convert_to(g.text, 'UTF8')), 1, 8)
        ELSE substr(sha256(sha256(convert_to(g.text, 'UTF8')) || int4send(g.reply_to)), 1, 8)
      END AS body_hash
    FROM jsonb_to_recordset(sends)
      AS g(place int, room text, author uuid, uid text, client_id text, text text, reply_to int, mentions text[])
  ),
  looked_up AS (
    SELECT a.*, k.seq AS known_seq, u.username, u.display_name, u.avatar, p.quote, p.thread,
      s.role <> 'member' OR u.role = 'admin' AS moderates, r.slow_mode_seconds,
      (extract(epoch FROM s.last_sent_at - clock_timestamp()) + r.slow_mode_seconds) * 1000 AS remaining_ms,
      CASE
        WHEN u.disabled_at IS NOT NULL OR u.deleted_at IS NOT NULL THEN 'signed_out'
        WHEN r.id IS NULL THEN 'no_room'
        -- Before busy: a stranger must not learn that a room exists because somebody holds it.
        WHEN s.room_id IS NULL THEN
          CASE WHEN r.kind = 'public' AND (u.role = 'admin' OR (r.archived_at IS NULL AND u.role <> 'guest'
            AND NOT EXISTS (SELECT FROM bans b WHERE b.room_id = a.room AND b.user_id = a.author)))
          THEN 'not_a_member' ELSE 'no_room' END
        WHEN NOT r.id = ANY(locked_ids) THEN 'busy'
        WHEN k.seq IS NOT NULL THEN CASE WHEN k.body_hash = a.body_hash THEN 'known' ELSE 'reused' END
        WHEN r.archived_at IS NOT NULL THEN 'archived'
        WHEN s.muted_until > clock_timestamp() THEN 'muted'
        WHEN r.posting_policy = 'moderators' AND s.role = 'member' AND u.role <> 'admin' THEN 'restricted'
        WHEN a.reply_to IS NOT NULL AND p.seq IS NULL THEN 'no_parent'
        ELSE 'stored'
      END AS outcome
    FROM input a
    -- LATERAL with LIMIT 1: looked up by key even when the plan was made while the tables were small.
    LEFT JOIN LATERAL (SELECT * FROM rooms r WHERE r.id = a.room LIMIT 1) r ON true
    LEFT JOIN LATERAL (SELECT * FROM memberships s WHERE s.room_id = a.room AND s.user_id = a.author LIMIT 1) s ON true
    LEFT JOIN LATERAL (SELECT * FROM users u WHERE u.id = a.author LIMIT 1) u ON true
    LEFT JOIN LATERAL (
      SELECT * FROM messages m WHERE m.room_id = a.room AND m.author_id = a.author AND m.client_id = a.client_id LIMIT 1
    ) k ON true
    LEFT JOIN LATERAL (
      SELECT m.seq, coalesce(m.thread, m.seq) AS thread, jsonb_build_object('seq', m.seq, 'text', m.text, 'author', show_user(w)) AS quote
      FROM messages m JOIN users w ON w.id = m.author_id
      WHERE m.room_id = a.room AND m.seq = a.reply_to AND m.kind = 'text' AND m.deleted_at IS NULL LIMIT 1
    ) p ON true
  ),
  judged AS (
    SELECT l.*,
      CASE WHEN l.outcome = 'stored' AND l.slow_mode_seconds > 0 AND NOT l.moderates THEN
        CASE
          WHEN l.remaining_ms > 0 THEN ceil(l.remaining_ms)::int
          WHEN row_number() OVER (PARTITION BY l.room, l.author, l.outcome ORDER BY l.place) > 1 THEN l.slow_mode_seconds * 1000
        END
      END AS wait_ms
    FROM looked_up l
  ),
  fresh AS (
    SELECT j.*, row_number() OVER (PARTITION BY j.room ORDER BY j.place)::int AS nth,
      CASE WHEN j.mentions IS NULL THEN '{}'::text[] ELSE mentions_in(j.room, j.mentions) END AS mentioned
    FROM judged j WHERE j.outcome = 'stored' AND j.wait_ms IS NULL
  ),
  parents AS (
    SELECT f.room, f.reply_to, count(*)::int AS answers, max(f.place) AS last_place,
      row_number() OVER (PARTITION BY f.room ORDER BY f.reply_to)::int AS nth
    FROM fresh f WHERE f.reply_to IS NOT NULL GROUP BY f.room, f.reply_to
  ),
  raised AS (
    UPDATE rooms r SET last_seq = r.last_seq + n.count, last_version = r.last_version + n.count + n.parents
    FROM (
      SELECT f.room, count(*)::int AS count, (SELECT count(*)::int FROM parents p WHERE p.room = f.room) AS parents
      FROM fresh f GROUP BY f.room
    ) n
    WHERE r.id = n.room
    RETURNING r.id, n.count, r.last_seq - n.count AS seq_before, r.last_version - n.count - n.parents AS version_before
  ),
  stored AS (
    INSERT INTO messages (room_id, seq, version, author_id, uid, client_id, body_hash, text, reply_to_seq, thread, mentions, mentions_room)
    SELECT f.room, b.seq_before + f.nth, b.version_before + f.nth, f.author, f.uid, f.client_id,
      CASE WHEN f.client_id IS NOT NULL THEN f.body_hash END, f.text, f.reply_to, f.thread, f.mentioned, '@room' = ANY(f.mentioned)
    FROM fresh f JOIN raised b ON b.id = f.room
    RETURNING room_id, seq, version, "time"
  ),
  noted AS (
    INSERT INTO after_commit (room_id, seq, version, what) SELECT s.room_id, s.seq, s.version, 'stored' FROM stored s
  ),
  answered AS (
    UPDATE messages m SET reply_count = m.reply_count + p.answers, version = b.version_before + b.count + p.nth
    FROM parents p JOIN raised b ON b.id = p.room
    WHERE m.room_id = p.room AND m.seq = p.reply_to
    RETURNING m.room_id, m.seq, m.version
  ),
  counted AS (
    INSERT INTO mentions (user_id, room_id, seq)
    SELECT p.id, f.room, b.seq_before + f.nth FROM fresh f JOIN raised b ON b.id = f.room
    CROSS JOIN LATERAL people_mentioned(f.mentioned, f.author) AS p(id) WHERE f.mentioned <> '{}'
  ),
  own AS (
    UPDATE memberships s SET read_seq = greatest(s.read_seq, w.seq), last_sent_at = clock_timestamp()
    FROM (
      SELECT f.room, f.author, max(b.seq_before + f.nth) AS seq FROM fresh f JOIN raised b ON b.id = f.room GROUP BY f.room, f.author
    ) w
    WHERE s.room_id = w.room AND s.user_id = w.author
  )
  SELECT j.place, CASE WHEN j.wait_ms IS NULL THEN j.outcome ELSE 'too_soon' END, coalesce(j.known_seq, m.seq), m.version,
    m."time", j.username, j.display_name, j.avatar, f.mentioned, j.quote, j.thread, w.version, j.wait_ms
  FROM judged j
  LEFT JOIN fresh f ON f.place = j.place
  LEFT JOIN raised b ON b.id = f.room
  LEFT JOIN stored m ON m.room_id = f.room AND m.seq = b.seq_before + f.nth
  LEFT JOIN parents p ON p.room = f.room AND p.reply_to = f.reply_to AND p.last_place = f.place
  LEFT JOIN answered w ON w.room_id = p.room AND w.seq = p.reply_to
  ORDER BY j.place;
END
$$;
