-- What rights, mentions, replies, reactions and exact counts need of each row.

-- Read with each message, so that a page of history costs one statement more only where there is something to read.
ALTER TABLE "messages" ADD COLUMN "mentions" TEXT[] NOT NULL DEFAULT '{}';
ALTER TABLE "messages" ADD COLUMN "reaction_count" INTEGER NOT NULL DEFAULT 0;

-- Slow mode asks when somebody last wrote here.
ALTER TABLE "memberships" ADD COLUMN "last_sent_at" TIMESTAMPTZ(3);
-- Nodes read the tail of it: a read mark or a membership whose news were lost is seen by the person's devices all the same.
-- Stamped when it is written, not when its transaction began. Sending does not touch it: the message itself is news.
-- With a constant first: a default that is worked out for each row would rewrite the table while everybody waits.
ALTER TABLE "memberships" ADD COLUMN "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT '2026-01-01T00:00:00Z';
ALTER TABLE "memberships" ALTER COLUMN "changed_at" SET DEFAULT clock_timestamp();
CREATE INDEX "memberships_changed_at_idx" ON "memberships"("changed_at");

-- What of a membership outlives it: whoever leaves and comes back is as muted as before, and waits as long.
CREATE TABLE "past_memberships" (
    "room_id" TEXT NOT NULL,
    "user_id" UUID NOT NULL,
    "muted_until" TIMESTAMPTZ(3),
    "last_sent_at" TIMESTAMPTZ(3),

    CONSTRAINT "past_memberships_pkey" PRIMARY KEY ("room_id","user_id")
);

CREATE INDEX "past_memberships_user_id_idx" ON "past_memberships"("user_id");

ALTER TABLE "past_memberships" ADD CONSTRAINT "past_memberships_room_id_fkey" FOREIGN KEY ("room_id") REFERENCES "rooms"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "past_memberships" ADD CONSTRAINT "past_memberships_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE INDEX "messages_room_mentions_idx" ON "messages"("room_id", "seq") WHERE "mentions_room";

-- A read mark moves with each message that somebody writes: let the row stay on its page.
ALTER TABLE "memberships" SET (fillfactor = 80);

-- store_messages with all that a room may ask of who writes in it (who may write, slow mode, mutes, bans) and all that a
-- message may bring (what it answers, whom it mentions). A name of its own, because in the middle of a deploy nodes of the
-- release before still call the other one, whose answers have fewer columns. What an author wrote they have read.
--
-- given:    [{place, room, author, uid, client_id, text, reply_to, mentions}], an author's clientId once at most.
--           mentions are usernames, and "@room"; whoever is not in the room is left out.
-- may_wait: whether to wait for rooms that others hold; then only one room may be given
--
-- outcome:  stored · known · reused · busy · not_a_member · archived · no_room · muted · restricted · too_soon (for
--           wait_ms) · no_parent (what it answers is not there, or was removed)
--
-- The parent of an answer changes too: it gets a version of its own, after those of all that is stored with it, which
-- the last answer to it names.
CREATE FUNCTION store_sends(given jsonb, may_wait boolean)
RETURNS TABLE (
  place int, outcome text, seq int, version int, "time" timestamptz, username text, display_name text, avatar text,
  mentions text[], reply_author text, reply_text text, parent_version int, wait_ms int
)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  wanted text[] := ARRAY(SELECT DISTINCT g.room FROM jsonb_to_recordset(given) AS g(room text));
  held text[];
BEGIN
  IF may_wait THEN
    held := ARRAY(SELECT r.id FROM rooms r WHERE r.id = ANY(wanted) ORDER BY r.id FOR NO KEY UPDATE);
  ELSE
    held := ARRAY(SELECT r.id FROM rooms r WHERE r.id = ANY(wanted) FOR NO KEY UPDATE SKIP LOCKED);
  END IF;

  RETURN QUERY
  WITH asked AS (
    SELECT g.*, CASE
        WHEN g.reply_to IS NULL THEN sha256(convert_to(g.text, 'UTF8'))
        ELSE sha256(sha256(convert_to(g.text, 'UTF8')) || int4send(g.reply_to))
      END AS body_hash
    FROM jsonb_to_recordset(given)
      AS g(place int, room text, author uuid, uid text, client_id text, text text, reply_to int, mentions jsonb)
  ),
  looked_at AS (
    SELECT a.*, k.seq AS known_seq, u.username, u.display_name, u.avatar, p.username AS reply_author, p.text AS reply_text,
      s.role <> 'member' OR u.role = 'admin' AS moderates, r.slow_mode_seconds,
      (extract(epoch FROM s.last_sent_at - clock_timestamp()) + r.slow_mode_seconds) * 1000 AS still_ms,
      CASE
        WHEN r.id IS NULL THEN 'no_room'
        -- Before busy: a stranger must not find out that a room is there because somebody holds it.
        WHEN s.room_id IS NULL THEN
          CASE WHEN r.kind = 'public' AND (u.role = 'admin' OR (r.archived_at IS NULL AND u.role <> 'guest'
            AND NOT EXISTS (SELECT FROM bans b WHERE b.room_id = a.room AND b.user_id = a.author)))
          THEN 'not_a_member' ELSE 'no_room' END
        WHEN NOT r.id = ANY(held) THEN 'busy'
        WHEN k.seq IS NOT NULL THEN CASE WHEN k.body_hash = a.body_hash THEN 'known' ELSE 'reused' END
        WHEN r.archived_at IS NOT NULL THEN 'archived'
        WHEN s.muted_until > clock_timestamp() THEN 'muted'
        WHEN r.posting_policy = 'moderators' AND s.role = 'member' AND u.role <> 'admin' THEN 'restricted'
        WHEN a.reply_to IS NOT NULL AND p.seq IS NULL THEN 'no_parent'
        ELSE 'stored'
      END AS first_outcome
    FROM asked a
    -- Each looked up by its key, however few rows the tables were thought to have when this was planned.
    LEFT JOIN LATERAL (SELECT * FROM rooms r WHERE r.id = a.room LIMIT 1) r ON true
    LEFT JOIN LATERAL (SELECT * FROM memberships s WHERE s.room_id = a.room AND s.user_id = a.author LIMIT 1) s ON true
    LEFT JOIN LATERAL (SELECT * FROM users u WHERE u.id = a.author LIMIT 1) u ON true
    LEFT JOIN LATERAL (
      SELECT * FROM messages m WHERE m.room_id = a.room AND m.author_id = a.author AND m.client_id = a.client_id LIMIT 1
    ) k ON true
    LEFT JOIN LATERAL (
      SELECT m.seq, m.text, w.username FROM messages m JOIN users w ON w.id = m.author_id
      WHERE m.room_id = a.room AND m.seq = a.reply_to AND m.kind = 'text' AND m.deleted_at IS NULL LIMIT 1
    ) p ON true
  ),
  judged AS (
    SELECT l.*,
      CASE WHEN l.first_outcome = 'stored' AND l.slow_mode_seconds > 0 AND NOT l.moderates THEN
        CASE
          WHEN l.still_ms > 0 THEN ceil(l.still_ms)::int
          WHEN row_number() OVER (PARTITION BY l.room, l.author, l.first_outcome ORDER BY l.place) > 1 THEN l.slow_mode_seconds * 1000
        END
      END AS wait_ms
    FROM looked_at l
  ),
  fresh AS (
    SELECT j.*, row_number() OVER (PARTITION BY j.room ORDER BY j.place)::int AS nth,
      CASE WHEN j.mentions IS NULL THEN '{}'::text[] ELSE ARRAY(
        SELECT w.username FROM users w JOIN memberships t ON t.user_id = w.id AND t.room_id = j.room
        WHERE w.username IN (SELECT jsonb_array_elements_text(j.mentions)) ORDER BY 1
      ) || CASE WHEN j.mentions ? '@room' THEN ARRAY['@room'] ELSE '{}'::text[] END END AS mentioned
    FROM judged j WHERE j.first_outcome = 'stored' AND j.wait_ms IS NULL
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
    INSERT INTO messages (room_id, seq, version, author_id, uid, client_id, body_hash, text, reply_to_seq, mentions, mentions_room)
    SELECT f.room, b.seq_before + f.nth, b.version_before + f.nth, f.author, f.uid, f.client_id,
      CASE WHEN f.client_id IS NOT NULL THEN f.body_hash END, f.text, f.reply_to, f.mentioned, '@room' = ANY(f.mentioned)
    FROM fresh f JOIN raised b ON b.id = f.room
    RETURNING room_id, seq, version, "time"
  ),
  answered AS (
    UPDATE messages m SET reply_count = m.reply_count + p.answers, version = b.version_before + b.count + p.nth
    FROM parents p JOIN raised b ON b.id = p.room
    WHERE m.room_id = p.room AND m.seq = p.reply_to
    RETURNING m.room_id, m.seq, m.version
  ),
  counted AS (
    INSERT INTO mentions (user_id, room_id, seq)
    SELECT w.id, f.room, b.seq_before + f.nth FROM fresh f JOIN raised b ON b.id = f.room
    JOIN users w ON w.username = ANY(f.mentioned) WHERE f.mentioned <> '{}' AND w.id <> f.author
  ),
  own AS (
    UPDATE memberships s SET read_seq = greatest(s.read_seq, w.seq), last_sent_at = clock_timestamp()
    FROM (
      SELECT f.room, f.author, max(b.seq_before + f.nth) AS seq FROM fresh f JOIN raised b ON b.id = f.room GROUP BY f.room, f.author
    ) w
    WHERE s.room_id = w.room AND s.user_id = w.author
  )
  SELECT j.place, CASE WHEN j.wait_ms IS NULL THEN j.first_outcome ELSE 'too_soon' END, coalesce(j.known_seq, m.seq), m.version,
    m."time", j.username, j.display_name, j.avatar, f.mentioned, j.reply_author, j.reply_text, w.version, j.wait_ms
  FROM judged j
  LEFT JOIN fresh f ON f.place = j.place
  LEFT JOIN raised b ON b.id = f.room
  LEFT JOIN stored m ON m.room_id = f.room AND m.seq = b.seq_before + f.nth
  LEFT JOIN parents p ON p.room = f.room AND p.reply_to = f.reply_to AND p.last_place = f.place
  LEFT JOIN answered w ON w.room_id = p.room AND w.seq = p.reply_to
  ORDER BY j.place;
END
$$;
