-- Stores the sends that waited together, in one room or many, in one round trip. A function and not one statement with
-- many parts, because in a function each statement sees what was committed while the one before it waited for its lock:
-- so a membership that ended, and a clientId that was stored, meanwhile are both seen.
--
-- given:    [{place, room, author, uid, client_id, text}], an author's clientId once at most
-- may_wait: whether to wait for rooms that others hold. Without it no room is waited for, so one that is held cannot stop
--           the others; with it only one room may be given, so two callers cannot wait for each other.
--
-- outcome:  stored · known (its clientId was used for the same text) · reused (for another one) · busy (somebody holds
--           the room: ask again with may_wait) · not_a_member · archived · no_room (none, or one that may not be seen)
CREATE FUNCTION store_messages(given jsonb, may_wait boolean)
RETURNS TABLE (
  place int, outcome text, seq int, version int, "time" timestamptz, username text, display_name text, avatar text
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
    SELECT g.*, sha256(convert_to(g.text, 'UTF8')) AS body_hash
    FROM jsonb_to_recordset(given) AS g(place int, room text, author uuid, uid text, client_id text, text text)
  ),
  judged AS (
    SELECT a.*, k.seq AS known_seq, u.username, u.display_name, u.avatar,
      CASE
        WHEN r.id IS NULL THEN 'no_room'
        -- Before busy: a stranger must not find out that a room is there because somebody holds it.
        WHEN s.room_id IS NULL THEN CASE WHEN r.kind = 'public' AND r.archived_at IS NULL THEN 'not_a_member' ELSE 'no_room' END
        WHEN NOT r.id = ANY(held) THEN 'busy'
        WHEN k.seq IS NOT NULL THEN CASE WHEN k.body_hash = a.body_hash THEN 'known' ELSE 'reused' END
        WHEN r.archived_at IS NOT NULL THEN 'archived'
        ELSE 'stored'
      END AS outcome
    FROM asked a
    -- Each looked up by its key, however few rows the tables were thought to have when this was planned.
    LEFT JOIN LATERAL (SELECT * FROM rooms r WHERE r.id = a.room LIMIT 1) r ON true
    LEFT JOIN LATERAL (SELECT * FROM memberships s WHERE s.room_id = a.room AND s.user_id = a.author LIMIT 1) s ON true
    LEFT JOIN LATERAL (SELECT * FROM users u WHERE u.id = a.author LIMIT 1) u ON true
    LEFT JOIN LATERAL (
      SELECT * FROM messages m WHERE m.room_id = a.room AND m.author_id = a.author AND m.client_id = a.client_id LIMIT 1
    ) k ON true
  ),
  fresh AS (
    SELECT j.*, row_number() OVER (PARTITION BY j.room ORDER BY j.place)::int AS nth FROM judged j WHERE j.outcome = 'stored'
  ),
  raised AS (
    UPDATE rooms r SET last_seq = r.last_seq + n.count, last_version = r.last_version + n.count
    FROM (SELECT f.room, count(*)::int AS count FROM fresh f GROUP BY f.room) n
    WHERE r.id = n.room
    RETURNING r.id, r.last_seq - n.count AS seq_before, r.last_version - n.count AS version_before
  ),
  stored AS (
    INSERT INTO messages (room_id, seq, version, author_id, uid, client_id, body_hash, text)
    SELECT f.room, b.seq_before + f.nth, b.version_before + f.nth, f.author, f.uid, f.client_id,
      CASE WHEN f.client_id IS NOT NULL THEN f.body_hash END, f.text
    FROM fresh f JOIN raised b ON b.id = f.room
    RETURNING room_id, seq, version, "time"
  )
  SELECT j.place, j.outcome, coalesce(j.known_seq, m.seq), m.version, m."time", j.username, j.display_name, j.avatar
  FROM judged j
  LEFT JOIN fresh f ON f.place = j.place
  LEFT JOIN raised b ON b.id = f.room
  LEFT JOIN stored m ON m.room_id = f.room AND m.seq = b.seq_before + f.nth
  ORDER BY j.place;
END
$$;
