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
-- text:    1 to 4,000 characters, one of them visible
-- key:     1 to 200 characters: what makes the message this one, for example 'order 17 shipped'
-- returns: true; false when it was posted with this key before
--
-- Errors: RL400 invalid text or key · RL403 the bot may not write there (muted, archived, restricted, not a member) · RL404 no
-- such bot or room · RL409 the key was used for another text. DETAIL is the name of the failure.
--
-- It runs with the rights of its owner. So nothing that a caller could make, in a schema or as a temporary table, may stand in
-- for what it calls: functions are those of Postgres, and tables are named with their schema, in place of "tables_of".
DO $migration$ BEGIN
EXECUTE replace($create$
CREATE FUNCTION roomline.post(room text, bot text, text text, key text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  author uuid;
  -- As the server cleans it: without blank lines around it and spaces at its end.
  wanted text := regexp_replace(
    regexp_replace(post.text, '[ \t\n\v\f\r\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+$', ''),
    '^(?:[ \t\v\f\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\ufeff]*[\n\r\u2028\u2029])+', '');
  used text := 'post-' || left(encode(sha256(convert_to(post.key, 'UTF8'::name)), 'hex'), 48);
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
  -- What shows nothing by itself, as the server has it with Unicode 17.
  IF wanted !~ '[^\u0001-\u0020\u007f-\u00a0\u00ad\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1-\u05c2\u05c4-\u05c5\u05c7\u0600-\u0605\u0610-\u061a\u061c\u064b-\u065f\u0670\u06d6-\u06dd\u06df-\u06e4\u06e7-\u06e8\u06ea-\u06ed\u070f\u0711\u0730-\u074a\u07a6-\u07b0\u07eb-\u07f3\u07fd\u0816-\u0819\u081b-\u0823\u0825-\u0827\u0829-\u082d\u0859-\u085b\u0890-\u0891\u0897-\u089f\u08ca-\u0903\u093a-\u093c\u093e-\u094f\u0951-\u0957\u0962-\u0963\u0981-\u0983\u09bc\u09be-\u09c4\u09c7-\u09c8\u09cb-\u09cd\u09d7\u09e2-\u09e3\u09fe\u0a01-\u0a03\u0a3c\u0a3e-\u0a42\u0a47-\u0a48\u0a4b-\u0a4d\u0a51\u0a70-\u0a71\u0a75\u0a81-\u0a83\u0abc\u0abe-\u0ac5\u0ac7-\u0ac9\u0acb-\u0acd\u0ae2-\u0ae3\u0afa-\u0aff\u0b01-\u0b03\u0b3c\u0b3e-\u0b44\u0b47-\u0b48\u0b4b-\u0b4d\u0b55-\u0b57\u0b62-\u0b63\u0b82\u0bbe-\u0bc2\u0bc6-\u0bc8\u0bca-\u0bcd\u0bd7\u0c00-\u0c04\u0c3c\u0c3e-\u0c44\u0c46-\u0c48\u0c4a-\u0c4d\u0c55-\u0c56\u0c62-\u0c63\u0c81-\u0c83\u0cbc\u0cbe-\u0cc4\u0cc6-\u0cc8\u0cca-\u0ccd\u0cd5-\u0cd6\u0ce2-\u0ce3\u0cf3\u0d00-\u0d03\u0d3b-\u0d3c\u0d3e-\u0d44\u0d46-\u0d48\u0d4a-\u0d4d\u0d57\u0d62-\u0d63\u0d81-\u0d83\u0dca\u0dcf-\u0dd4\u0dd6\u0dd8-\u0ddf\u0df2-\u0df3\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u0f18-\u0f19\u0f35\u0f37\u0f39\u0f3e-\u0f3f\u0f71-\u0f84\u0f86-\u0f87\u0f8d-\u0f97\u0f99-\u0fbc\u0fc6\u102b-\u103e\u1056-\u1059\u105e-\u1060\u1062-\u1064\u1067-\u106d\u1071-\u1074\u1082-\u108d\u108f\u109a-\u109d\u115f-\u1160\u135d-\u135f\u1680\u1712-\u1715\u1732-\u1734\u1752-\u1753\u1772-\u1773\u17b4-\u17d3\u17dd\u180b-\u180f\u1885-\u1886\u18a9\u1920-\u192b\u1930-\u193b\u1a17-\u1a1b\u1a55-\u1a5e\u1a60-\u1a7c\u1a7f\u1ab0-\u1add\u1ae0-\u1aeb\u1b00-\u1b04\u1b34-\u1b44\u1b6b-\u1b73\u1b80-\u1b82\u1ba1-\u1bad\u1be6-\u1bf3\u1c24-\u1c37\u1cd0-\u1cd2\u1cd4-\u1ce8\u1ced\u1cf4\u1cf7-\u1cf9\u1dc0-\u1dff\u2000-\u200f\u2028-\u202f\u205f-\u206f\u20d0-\u20f0\u2800\u2cef-\u2cf1\u2d7f\u2de0-\u2dff\u3000\u302a-\u302f\u3099-\u309a\u3164\ua66f-\ua672\ua674-\ua67d\ua69e-\ua69f\ua6f0-\ua6f1\ua802\ua806\ua80b\ua823-\ua827\ua82c\ua880-\ua881\ua8b4-\ua8c5\ua8e0-\ua8f1\ua8ff\ua926-\ua92d\ua947-\ua953\ua980-\ua983\ua9b3-\ua9c0\ua9e5\uaa29-\uaa36\uaa43\uaa4c-\uaa4d\uaa7b-\uaa7d\uaab0\uaab2-\uaab4\uaab7-\uaab8\uaabe-\uaabf\uaac1\uaaeb-\uaaef\uaaf5-\uaaf6\uabe3-\uabea\uabec-\uabed\ue000-\uf8ff\ufb1e\ufdd0-\ufdef\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\uffa0\ufff0-\ufffc\ufffe-\uffff\U000101fd\U000102e0\U00010376-\U0001037a\U00010a01-\U00010a03\U00010a05-\U00010a06\U00010a0c-\U00010a0f\U00010a38-\U00010a3a\U00010a3f\U00010ae5-\U00010ae6\U00010d24-\U00010d27\U00010d69-\U00010d6d\U00010eab-\U00010eac\U00010efa-\U00010eff\U00010f46-\U00010f50\U00010f82-\U00010f85\U00011000-\U00011002\U00011038-\U00011046\U00011070\U00011073-\U00011074\U0001107f-\U00011082\U000110b0-\U000110ba\U000110bd\U000110c2\U000110cd\U00011100-\U00011102\U00011127-\U00011134\U00011145-\U00011146\U00011173\U00011180-\U00011182\U000111b3-\U000111c0\U000111c9-\U000111cc\U000111ce-\U000111cf\U0001122c-\U00011237\U0001123e\U00011241\U000112df-\U000112ea\U00011300-\U00011303\U0001133b-\U0001133c\U0001133e-\U00011344\U00011347-\U00011348\U0001134b-\U0001134d\U00011357\U00011362-\U00011363\U00011366-\U0001136c\U00011370-\U00011374\U000113b8-\U000113c0\U000113c2\U000113c5\U000113c7-\U000113ca\U000113cc-\U000113d0\U000113d2\U000113e1-\U000113e2\U00011435-\U00011446\U0001145e\U000114b0-\U000114c3\U000115af-\U000115b5\U000115b8-\U000115c0\U000115dc-\U000115dd\U00011630-\U00011640\U000116ab-\U000116b7\U0001171d-\U0001172b\U0001182c-\U0001183a\U00011930-\U00011935\U00011937-\U00011938\U0001193b-\U0001193e\U00011940\U00011942-\U00011943\U000119d1-\U000119d7\U000119da-\U000119e0\U000119e4\U00011a01-\U00011a0a\U00011a33-\U00011a39\U00011a3b-\U00011a3e\U00011a47\U00011a51-\U00011a5b\U00011a8a-\U00011a99\U00011b60-\U00011b67\U00011c2f-\U00011c36\U00011c38-\U00011c3f\U00011c92-\U00011ca7\U00011ca9-\U00011cb6\U00011d31-\U00011d36\U00011d3a\U00011d3c-\U00011d3d\U00011d3f-\U00011d45\U00011d47\U00011d8a-\U00011d8e\U00011d90-\U00011d91\U00011d93-\U00011d97\U00011ef3-\U00011ef6\U00011f00-\U00011f01\U00011f03\U00011f34-\U00011f3a\U00011f3e-\U00011f42\U00011f5a\U00013430-\U00013442\U00013447-\U00013455\U0001611e-\U0001612f\U00016af0-\U00016af4\U00016b30-\U00016b36\U00016f4f\U00016f51-\U00016f87\U00016f8f-\U00016f92\U00016fe4\U00016ff0-\U00016ff1\U0001bc9d-\U0001bc9e\U0001bca0-\U0001bca3\U0001cf00-\U0001cf2d\U0001cf30-\U0001cf46\U0001d159\U0001d165-\U0001d169\U0001d16d-\U0001d182\U0001d185-\U0001d18b\U0001d1aa-\U0001d1ad\U0001d242-\U0001d244\U0001da00-\U0001da36\U0001da3b-\U0001da6c\U0001da75\U0001da84\U0001da9b-\U0001da9f\U0001daa1-\U0001daaf\U0001e000-\U0001e006\U0001e008-\U0001e018\U0001e01b-\U0001e021\U0001e023-\U0001e024\U0001e026-\U0001e02a\U0001e08f\U0001e130-\U0001e136\U0001e2ae\U0001e2ec-\U0001e2ef\U0001e4ec-\U0001e4ef\U0001e5ee-\U0001e5ef\U0001e6e3\U0001e6e6\U0001e6ee-\U0001e6ef\U0001e6f5\U0001e8d0-\U0001e8d6\U0001e944-\U0001e94a\U0001fffe-\U0001ffff\U0002fffe-\U0002ffff\U0003fffe-\U0003ffff\U0004fffe-\U0004ffff\U0005fffe-\U0005ffff\U0006fffe-\U0006ffff\U0007fffe-\U0007ffff\U0008fffe-\U0008ffff\U0009fffe-\U0009ffff\U000afffe-\U000affff\U000bfffe-\U000bffff\U000cfffe-\U000cffff\U000dfffe-\U000e0fff\U000efffe-\U0010ffff]' THEN
    RAISE EXCEPTION 'The text must have a visible character.' USING ERRCODE = 'RL400', DETAIL = 'BAD_REQUEST';
  END IF;

  SELECT u.id INTO author FROM tables_of.users u JOIN tables_of.bots b ON b.user_id = u.id JOIN tables_of.sessions s ON s.id = b.session_id
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
  FROM tables_of.rooms r LEFT JOIN tables_of.memberships m ON m.room_id = r.id AND m.user_id = author
  WHERE r.id = post.room AND r.deleted_at IS NULL AND (m.user_id IS NOT NULL OR r.kind = 'public');
  IF refusal IS NULL THEN
    RAISE EXCEPTION 'There is no room "%", or the bot has no access to it.', post.room USING ERRCODE = 'RL404', DETAIL = 'ROOM_NOT_FOUND';
  END IF;

  LOOP
    SELECT m.body_hash INTO stored FROM tables_of.messages m WHERE m.room_id = post.room AND m.author_id = author AND m.client_id = used;
    IF stored = substr(sha256(convert_to(wanted, 'UTF8'::name)), 1, 8) THEN
      RETURN false;
    END IF;
    IF stored IS NOT NULL THEN
      RAISE EXCEPTION 'This key was used for another text.' USING ERRCODE = 'RL409', DETAIL = 'CLIENT_ID_REUSED';
    END IF;
    IF refusal <> '' THEN
      RAISE EXCEPTION 'The bot "%" may not write in "%".', post.bot, post.room USING ERRCODE = 'RL403', DETAIL = refusal;
    END IF;

    -- DO UPDATE would lock a row that waits, and who stores posts would wait for the caller's transaction.
    INSERT INTO tables_of.posts (room_id, author_id, client_id, text) VALUES (post.room, author, used, wanted)
    ON CONFLICT (room_id, author_id, client_id) DO NOTHING;
    EXIT WHEN FOUND;
    UPDATE tables_of.posts p SET text = wanted, failure = NULL, retry_at = NULL, at = now()
    WHERE p.room_id = post.room AND p.author_id = author AND p.client_id = used AND p.failure IS NOT NULL;
    EXIT WHEN FOUND;
    SELECT p.text INTO waiting FROM tables_of.posts p WHERE p.room_id = post.room AND p.author_id = author AND p.client_id = used;
    IF FOUND THEN
      IF waiting <> wanted THEN
        RAISE EXCEPTION 'This key was used for another text.' USING ERRCODE = 'RL409', DETAIL = 'CLIENT_ID_REUSED';
      END IF;
      RETURN false;
    END IF;
    -- It has become a message just now.
  END LOOP;
  -- After the commit. Without it, it would take up to a second.
  PERFORM pg_notify('roomline_posts', '');
  RETURN true;
END
$$;
$create$, 'tables_of.', (SELECT relnamespace::regnamespace::text || '.' FROM pg_class WHERE oid = 'users'::regclass));
END $migration$;

COMMENT ON FUNCTION roomline.post IS 'Posts a message as a bot in the caller''s transaction: once for each key.';

REVOKE ALL ON FUNCTION roomline.post FROM PUBLIC;

-- Before Postgres 15, and in databases that come from there, everybody may create tables and functions in the schema "public".
-- Whoever uses Roomline's must not find those of somebody else in it.
DO $$
DECLARE
  home pg_namespace := (SELECT n FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid WHERE c.oid = 'users'::regclass);
BEGIN
  IF pg_has_role(current_user, home.nspowner, 'USAGE') THEN
    EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC', home.nspname);
  END IF;
END $$;
