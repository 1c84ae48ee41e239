-- Counts an attempt against each of these limits; or against none, if one of them does not allow it yet. Counting and asking are
-- one step, so that of many attempts at once no more are made than are allowed. A limit is an object:
--   key        the row in rate_limits
--   free       so many attempts need no pause
--   pause_ms   the pause after them
--   longest_ms with it, the pause doubles with each further attempt up to this; without it, one attempt is free again after each pause
--   forget_ms  with longest_ms: after this time without an attempt, all are free again
-- Returns how long to wait in milliseconds; 0 when the attempt was counted.
CREATE FUNCTION take_attempt(limits jsonb) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
  now_at timestamptz;
  wait_ms double precision;
BEGIN
  -- Locks the rows, always in one order.
  INSERT INTO rate_limits (key, count, resets_at)
  SELECT l.key, 0, now() FROM jsonb_to_recordset(limits) AS l(key text) ORDER BY l.key
  ON CONFLICT (key) DO UPDATE SET key = excluded.key;
  now_at := clock_timestamp();

  SELECT max(CASE
    WHEN l.longest_ms IS NULL THEN extract(epoch FROM r.resets_at - now_at) * 1000 - (l.free - 1) * l.pause_ms
    WHEN r.resets_at <= now_at OR r.count < l.free THEN 0
    ELSE least(l.pause_ms * 2.0 ^ least(r.count - l.free, 30), l.longest_ms) - l.forget_ms + extract(epoch FROM r.resets_at - now_at) * 1000
  END) INTO wait_ms
  FROM jsonb_to_recordset(limits) AS l(key text, free int, pause_ms float8, longest_ms float8, forget_ms float8)
  JOIN rate_limits r ON r.key = l.key;
  IF wait_ms > 0 THEN RETURN wait_ms; END IF;

  UPDATE rate_limits r SET
    count = CASE WHEN l.longest_ms IS NULL OR r.resets_at <= now_at THEN 1 ELSE r.count + 1 END,
    resets_at = CASE WHEN l.longest_ms IS NULL THEN greatest(r.resets_at, now_at) + l.pause_ms * interval '1 ms'
      ELSE now_at + l.forget_ms * interval '1 ms' END
  FROM jsonb_to_recordset(limits) AS l(key text, pause_ms float8, longest_ms float8, forget_ms float8)
  WHERE r.key = l.key;
  RETURN 0;
END
$$;

-- Takes a counted attempt back, because it succeeded or was not made after all.
CREATE FUNCTION give_attempt_back(limits jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM rate_limits r JOIN jsonb_to_recordset(limits) AS l(key text) ON l.key = r.key ORDER BY r.key FOR UPDATE OF r;
  UPDATE rate_limits r SET
    count = greatest(r.count - 1, 0),
    resets_at = CASE WHEN l.longest_ms IS NULL THEN r.resets_at - l.pause_ms * interval '1 ms' ELSE r.resets_at END
  FROM jsonb_to_recordset(limits) AS l(key text, pause_ms float8, longest_ms float8)
  WHERE r.key = l.key;
END
$$;

-- Whoever disables somebody, and however soon they are enabled again: their sessions are over for good.
CREATE FUNCTION end_sessions_of_disabled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  WITH ended AS (
    UPDATE sessions SET revoked_at = now() WHERE user_id = NEW.id AND revoked_at IS NULL AND expires_at > now() RETURNING id
  )
  INSERT INTO session_revocations (session_id, user_id, reason) SELECT id, NEW.id, 'disabled' FROM ended;
  RETURN NULL;
END
$$;

CREATE TRIGGER users_end_sessions AFTER UPDATE OF disabled_at ON users FOR EACH ROW
WHEN (OLD.disabled_at IS NULL AND NEW.disabled_at IS NOT NULL)
EXECUTE FUNCTION end_sessions_of_disabled();
