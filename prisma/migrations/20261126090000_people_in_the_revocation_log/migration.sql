-- The revocation log tells of people too: an entry without a session says that somebody was disabled, enabled or deleted,
-- or has another role. What became of them is in their row. The log is written by a trigger, so that whatever changes a
-- person's row, an operator's own statement too, reaches every node.
ALTER TABLE "session_revocations" ALTER COLUMN "session_id" DROP NOT NULL;

CREATE FUNCTION log_person_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO session_revocations (user_id, reason) VALUES (NEW.id, CASE
    WHEN NEW.deleted_at IS DISTINCT FROM OLD.deleted_at THEN 'deleted'
    WHEN NEW.disabled_at IS NOT NULL AND OLD.disabled_at IS NULL THEN 'disabled'
    WHEN NEW.disabled_at IS NULL AND OLD.disabled_at IS NOT NULL THEN 'enabled'
    ELSE 'role'
  END);
  RETURN NULL;
END
$$;

CREATE TRIGGER users_log_change AFTER UPDATE OF disabled_at, deleted_at, role ON users FOR EACH ROW
WHEN ((NEW.disabled_at, NEW.deleted_at, NEW.role) IS DISTINCT FROM (OLD.disabled_at, OLD.deleted_at, OLD.role))
EXECUTE FUNCTION log_person_change();

-- Nodes that listen hear at the commit that the log has grown, with or without Redis.
CREATE FUNCTION notify_of_revocations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('roomline_revocations', '');
  RETURN NULL;
END
$$;

CREATE TRIGGER session_revocations_notify AFTER INSERT ON session_revocations FOR EACH STATEMENT
EXECUTE FUNCTION notify_of_revocations();

-- store_sends as before, with one more outcome: signed_out (its author was disabled or deleted meanwhile).
CREATE OR REPLACE FUNCTION store_sends(given jsonb, may_wait boolean)
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
        WHEN u.disabled_at IS NOT NULL OR u.deleted_at IS NOT NULL THEN 'signed_out'
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
