-- Posting a message in an application's own transaction: SELECT roomline.post(room, bot, text, key).
--
-- The function only notes what is to be posted, and a realtime node stores the message after the commit. Storing it at once would
-- hold the room's lock until the application commits, and nobody else could write there meanwhile.

-- No foreign keys: their checks would lock the rows of rooms and people for as long as the application's transaction is open.
CREATE TABLE "posts" (
    "id" BIGSERIAL NOT NULL,
    "room_id" TEXT NOT NULL,
    "author_id" UUID NOT NULL,
    -- Made from the key. The message has it too: with its key, it is there once.
    "client_id" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    -- It has to wait until then: the room is in slow mode.
    "retry_at" TIMESTAMPTZ(3),
    -- Why it cannot be posted. Posted once more with the same key, it is tried again.
    "failure" TEXT,

    CONSTRAINT "posts_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "posts_room_id_author_id_client_id_key" ON "posts"("room_id", "author_id", "client_id");

-- Nodes look for these every second.
CREATE INDEX "posts_waiting_idx" ON "posts"("id") WHERE "failure" IS NULL;

CREATE SCHEMA roomline;

COMMENT ON SCHEMA roomline IS 'What applications may use. Everything else belongs to Roomline, and changes with it.';

-- Posts a message in the caller's transaction: once for each key, and not at all if the transaction is rolled back.
--
-- room:    the id of the room
-- bot:     the username of a bot that is a member of it
-- text:    1 to 4,000 characters
-- key:     1 to 200 characters: what makes the message this one, for example 'order 17 shipped'
-- returns: true; false when it was posted with this key before
--
-- Errors: RL400 invalid text or key · RL403 the bot may not write there (muted, archived, restricted, not a member) · RL404 no
-- such bot or room · RL409 the key was used for another text. DETAIL is the name of the failure.
CREATE FUNCTION roomline.post(room text, bot text, text text, key text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  author uuid;
  -- As the server cleans it: without blank lines around it and spaces at its end.
  wanted text := regexp_replace(
    regexp_replace(post.text, '[ \t\n\v\f\r\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+$', ''),
    '^(?:[ \t\v\f\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\ufeff]*[\n\r\u2028\u2029])+', '');
  used text := 'post-' || left(encode(sha256(convert_to(post.key, 'UTF8')), 'hex'), 48);
  refusal text;
  stored bytea;
  waiting text;
BEGIN
  IF post.key IS NULL OR char_length(post.key) NOT BETWEEN 1 AND 200 THEN
    RAISE EXCEPTION 'The key must have 1 to 200 characters.' USING ERRCODE = 'RL400', DETAIL = 'BAD_REQUEST';
  END IF;
  IF wanted IS NULL OR char_length(wanted) NOT BETWEEN 1 AND 4000 THEN
    RAISE EXCEPTION 'The text must have 1 to 4,000 characters.' USING ERRCODE = 'RL400', DETAIL = 'BAD_REQUEST';
  END IF;

  SELECT u.id INTO author FROM users u JOIN bots b ON b.user_id = u.id JOIN sessions s ON s.id = b.session_id
  WHERE u.username = lower(btrim(post.bot)) AND u.disabled_at IS NULL AND u.deleted_at IS NULL AND s.revoked_at IS NULL;
  IF author IS NULL THEN
    RAISE EXCEPTION 'There is no bot "%", or its token was revoked.', post.bot USING ERRCODE = 'RL404', DETAIL = 'BOT_NOT_FOUND';
  END IF;

  SELECT CASE
      WHEN m.user_id IS NULL THEN 'NOT_A_MEMBER'
      WHEN r.archived_at IS NOT NULL THEN 'ROOM_ARCHIVED'
      WHEN m.muted_until > clock_timestamp() THEN 'MUTED'
      WHEN r.posting_policy = 'moderators' AND m.role = 'member' THEN 'POSTING_RESTRICTED'
      ELSE ''
    END INTO refusal
  FROM rooms r LEFT JOIN memberships m ON m.room_id = r.id AND m.user_id = author
  WHERE r.id = post.room AND r.deleted_at IS NULL AND (m.user_id IS NOT NULL OR r.kind = 'public');
  IF refusal IS NULL THEN
    RAISE EXCEPTION 'There is no room "%", or the bot has no access to it.', post.room USING ERRCODE = 'RL404', DETAIL = 'ROOM_NOT_FOUND';
  END IF;

  SELECT m.body_hash INTO stored FROM messages m WHERE m.room_id = post.room AND m.author_id = author AND m.client_id = used;
  IF stored = substr(sha256(convert_to(wanted, 'UTF8')), 1, 8) THEN
    RETURN false;
  END IF;
  IF stored IS NOT NULL THEN
    RAISE EXCEPTION 'This key was used for another text.' USING ERRCODE = 'RL409', DETAIL = 'CLIENT_ID_REUSED';
  END IF;
  IF refusal <> '' THEN
    RAISE EXCEPTION 'The bot "%" may not write in "%".', post.bot, post.room USING ERRCODE = 'RL403', DETAIL = refusal;
  END IF;

  INSERT INTO posts AS known (room_id, author_id, client_id, text) VALUES (post.room, author, used, wanted)
  ON CONFLICT (room_id, author_id, client_id) DO UPDATE SET text = excluded.text, failure = NULL, retry_at = NULL, at = now()
    WHERE known.failure IS NOT NULL;
  IF NOT FOUND THEN
    SELECT p.text INTO waiting FROM posts p WHERE p.room_id = post.room AND p.author_id = author AND p.client_id = used;
    IF waiting <> wanted THEN
      RAISE EXCEPTION 'This key was used for another text.' USING ERRCODE = 'RL409', DETAIL = 'CLIENT_ID_REUSED';
    END IF;
    RETURN false;
  END IF;
  -- After the commit. Without it, it would take up to a second.
  PERFORM pg_notify('roomline_posts', '');
  RETURN true;
END
$$;

COMMENT ON FUNCTION roomline.post IS 'Posts a message as a bot in the caller''s transaction: once for each key.';

-- A caller's temporary tables must not stand in for Roomline's.
DO $$ BEGIN
  EXECUTE format('ALTER FUNCTION roomline.post SET search_path = %s, pg_temp', (SELECT relnamespace::regnamespace FROM pg_class WHERE oid = 'users'::regclass));
END $$;

REVOKE ALL ON FUNCTION roomline.post FROM PUBLIC;
