-- The whole data model. Prisma's schema cannot express all of it: checks, partial indexes, functions and triggers are only
-- here.

CREATE TYPE "server_role" AS ENUM ('admin', 'member', 'bot', 'guest');

CREATE TYPE "room_kind" AS ENUM ('public', 'private', 'direct');

-- In this order: members are listed by role.
CREATE TYPE "room_role" AS ENUM ('owner', 'moderator', 'member');

CREATE TYPE "posting_policy" AS ENUM ('everyone', 'moderators');

CREATE TYPE "notification_level" AS ENUM ('all', 'mentions', 'nothing');

-- A name as people look for it: without case, accents and width. José, ＪＯＳÉ and jose are the same.
CREATE FUNCTION fold_name(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN octet_length(name) = char_length(name) THEN lower(name) ELSE
  -- Composed again at the end: a syllable in Hangul or Devanagari must not match by half of it.
  normalize(replace(replace(replace(translate(
    regexp_replace(lower(normalize(name COLLATE "default", NFKD)), '[\u0300-\u036f]+', '', 'g'),
    'øđłıς', 'odliσ'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), NFC)
END;

-- Every one, two and three neighbouring characters of a text. Indexes of them find any part of a name without an extension.
-- The cost is the planner's reason never to work them out for the rows of a table.
CREATE FUNCTION grams_of(text text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10000
RETURN string_to_array(text, NULL) || ARRAY(SELECT substr(text, start, 2) FROM generate_series(1, char_length(text) - 1) start)
  || ARRAY(SELECT substr(text, start, 3) FROM generate_series(1, char_length(text) - 2) start);

-- The grams to look for, for texts that contain this one.
CREATE FUNCTION grams_to_find(part text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY(SELECT substr(part, start, 3) FROM generate_series(1, greatest(char_length(part) - 2, least(char_length(part), 1))) start);

CREATE TABLE "users" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    -- In the order of its bytes, whatever the database's locale is: people are listed by it, and found by its beginning.
    "username" TEXT COLLATE "C" NOT NULL,
    "display_name" TEXT NOT NULL,
    -- "@username" and, after a line break, the display name: both marks make the beginning of a name something to look for.
    "search_name" TEXT COLLATE "C" NOT NULL GENERATED ALWAYS AS ('@' || "username" || E'\n' || fold_name("display_name")) STORED,
    "password_hash" TEXT,
    "external_issuer" TEXT,
    "external_subject" TEXT,
    "avatar" TEXT,
    "status" TEXT NOT NULL DEFAULT '',
    "role" "server_role" NOT NULL DEFAULT 'member',
    "hide_last_seen" BOOLEAN NOT NULL DEFAULT false,
    "last_seen_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "disabled_at" TIMESTAMPTZ(3),
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "users_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "users_username_folded" CHECK ("username" ~ '^[a-z0-9_.-]{2,32}$')
-- Room for new versions of rows on the same page, here and in rooms: elsewhere they would need new entries for every gram.
) WITH (fillfactor = 80);

CREATE TABLE "sessions" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "user_id" UUID NOT NULL,
    "ip" TEXT,
    "user_agent" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "sessions_pkey" PRIMARY KEY ("id")
);

-- An entry without a session says that somebody was disabled, enabled or deleted, or has another server role.
CREATE TABLE "session_revocations" (
    "id" BIGSERIAL NOT NULL,
    "session_id" UUID,
    "user_id" UUID NOT NULL,
    "reason" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "session_revocations_pkey" PRIMARY KEY ("id")
);

-- Both counters are taken under this row's lock, in the transaction that writes the message.
CREATE TABLE "rooms" (
    "id" TEXT NOT NULL,
    "kind" "room_kind" NOT NULL,
    "name" TEXT NOT NULL,
    "topic" TEXT NOT NULL DEFAULT '',
    -- The name and, after a line break, the topic.
    "search_name" TEXT COLLATE "C" NOT NULL GENERATED ALWAYS AS (fold_name("name") || E'\n' || fold_name("topic")) STORED,
    "last_seq" INTEGER NOT NULL DEFAULT 0,
    "last_version" INTEGER NOT NULL DEFAULT 0,
    "posting_policy" "posting_policy" NOT NULL DEFAULT 'everyone',
    "slow_mode_seconds" INTEGER NOT NULL DEFAULT 0,
    -- Kept by a trigger.
    "member_count" INTEGER NOT NULL DEFAULT 0,
    "direct_key" TEXT,
    "created_by" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "archived_at" TIMESTAMPTZ(3),

    CONSTRAINT "rooms_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "rooms_counters_rise_together" CHECK ("last_seq" >= 0 AND "last_version" >= "last_seq"),
    CONSTRAINT "rooms_direct_key_of_direct_rooms" CHECK (("kind" = 'direct') = ("direct_key" IS NOT NULL))
) WITH (fillfactor = 70);

CREATE TABLE "memberships" (
    "room_id" TEXT NOT NULL,
    "user_id" UUID NOT NULL,
    -- Their username, for listing members by name. A trigger fills it in, and the foreign key keeps it.
    "member_name" TEXT COLLATE "C" NOT NULL,
    "role" "room_role" NOT NULL DEFAULT 'member',
    "version" INTEGER NOT NULL DEFAULT 0,
    "read_seq" INTEGER NOT NULL DEFAULT 0,
    "notify" "notification_level" NOT NULL DEFAULT 'all',
    "muted_until" TIMESTAMPTZ(3),
    "last_sent_at" TIMESTAMPTZ(3),
    "joined_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "memberships_pkey" PRIMARY KEY ("room_id","user_id"),
    CONSTRAINT "memberships_read_seq" CHECK ("read_seq" >= 0)
-- A read mark moves with each message that somebody writes: leave room for the new row on the same page.
) WITH (fillfactor = 80);

CREATE TABLE "past_memberships" (
    "room_id" TEXT NOT NULL,
    "user_id" UUID NOT NULL,
    "muted_until" TIMESTAMPTZ(3),
    "last_sent_at" TIMESTAMPTZ(3),

    CONSTRAINT "past_memberships_pkey" PRIMARY KEY ("room_id","user_id")
);

-- The columns that are in no index (version and the counters among them) are those that change, so that an update writes
-- one new row into the free space of its page and touches no index. Fixed widths first: no bytes are lost to alignment.
CREATE TABLE "messages" (
    "time" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "edited_at" TIMESTAMPTZ(3),
    "deleted_at" TIMESTAMPTZ(3),
    "pinned_at" TIMESTAMPTZ(3),
    "seq" INTEGER NOT NULL,
    "version" INTEGER NOT NULL,
    "reply_to_seq" INTEGER,
    "reply_count" INTEGER NOT NULL DEFAULT 0,
    "reaction_count" INTEGER NOT NULL DEFAULT 0,
    "author_id" UUID NOT NULL,
    "detail_user_id" UUID,
    "mentions_room" BOOLEAN NOT NULL DEFAULT false,
    "room_id" TEXT NOT NULL,
    "kind" TEXT NOT NULL DEFAULT 'text',
    "uid" TEXT,
    "client_id" TEXT,
    "body_hash" BYTEA,
    "mentions" TEXT[] NOT NULL DEFAULT '{}',
    "detail" JSONB,
    "text" TEXT NOT NULL,

    CONSTRAINT "messages_pkey" PRIMARY KEY ("room_id","seq"),
    CONSTRAINT "messages_seq_and_version" CHECK ("seq" >= 1 AND "version" >= "seq"),
    CONSTRAINT "messages_kind" CHECK ("kind" IN ('text', 'joined', 'left', 'added', 'removed', 'banned', 'renamed', 'topic', 'archived', 'restored')),
    CONSTRAINT "messages_detail_or_text" CHECK (CASE WHEN "kind" = 'text' THEN "detail" IS NULL AND "detail_user_id" IS NULL ELSE "text" = '' END),
    CONSTRAINT "messages_text_length" CHECK (char_length("text") <= 4000),
    CONSTRAINT "messages_client_id_length" CHECK (char_length("client_id") BETWEEN 8 AND 64),
    CONSTRAINT "messages_client_id_has_body_hash" CHECK (("client_id" IS NULL) = ("body_hash" IS NULL))
-- Most changes come soon after the message: an answer, a reaction, an edit.
) WITH (fillfactor = 90);

-- Every version of a room that is not the one a message was stored with: an edit, a reaction, an answered message, a new
-- member. Between two of these rows, each version is one stored message. Triggers write them: see note_changed_message.
CREATE TABLE "room_changes" (
    "room_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    -- The message that changed; null when the room or a membership did.
    "seq" INTEGER,
    -- The newest message at that moment.
    "last_seq" INTEGER NOT NULL,

    CONSTRAINT "room_changes_pkey" PRIMARY KEY ("room_id","version")
);

-- What chat.search looks through: the terms of each message that somebody wrote, made from its text by the server some
-- time after it was stored, and removed with it. No foreign key to messages: its checks would lock their rows.
CREATE TABLE "message_search" (
    "time" TIMESTAMPTZ(3) NOT NULL,
    "seq" INTEGER NOT NULL,
    -- Of the message, when its terms were made: an older reading never replaces a newer one.
    "version" INTEGER NOT NULL,
    "room_id" TEXT NOT NULL,
    -- Null when the message was removed. The row stays, with the version of the removal, for whoever read the text before.
    "terms" tsvector,

    CONSTRAINT "message_search_pkey" PRIMARY KEY ("room_id","seq")
);

CREATE TABLE "reactions" (
    "room_id" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "emoji" TEXT NOT NULL,
    "user_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "reactions_pkey" PRIMARY KEY ("room_id","seq","emoji","user_id")
);

CREATE TABLE "mentions" (
    "user_id" UUID NOT NULL,
    "room_id" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,

    CONSTRAINT "mentions_pkey" PRIMARY KEY ("user_id","room_id","seq")
);

CREATE TABLE "attachments" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "uploader_id" UUID NOT NULL,
    "room_id" TEXT,
    "seq" INTEGER,
    "position" INTEGER NOT NULL DEFAULT 0,
    "name" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "size" INTEGER NOT NULL,
    "width" INTEGER,
    "height" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "attachments_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "attachments_size" CHECK ("size" >= 0),
    CONSTRAINT "attachments_room_and_seq_together" CHECK (("room_id" IS NULL) = ("seq" IS NULL))
);

CREATE TABLE "invites" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "token_hash" BYTEA NOT NULL,
    "room_id" TEXT NOT NULL,
    "created_by" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "max_uses" INTEGER,
    "uses" INTEGER NOT NULL DEFAULT 0,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "invites_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "invites_uses" CHECK ("uses" >= 0 AND ("max_uses" IS NULL OR "uses" <= "max_uses"))
);

CREATE TABLE "bans" (
    "room_id" TEXT NOT NULL,
    "user_id" UUID NOT NULL,
    "by_id" UUID,
    "reason" TEXT NOT NULL DEFAULT '',
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "bans_pkey" PRIMARY KEY ("room_id","user_id")
);

CREATE TABLE "audit_log" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor_id" UUID,
    "action" TEXT NOT NULL,
    "room_id" TEXT,
    "subject_id" UUID,
    "detail" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "audit_log_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "after_commit" (
    "id" BIGSERIAL NOT NULL,
    "room_id" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "version" INTEGER NOT NULL,
    "what" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "after_commit_pkey" PRIMARY KEY ("id")
);

-- What has changed in the last minute or so, for nodes that look for what Redis lost: a row for each statement that changed
-- rooms or memberships, written by triggers. The arrays run side by side, and each room in them is one of these:
--   with a version: the room has reached it · with a person: their membership has changed · with neither: so may have the
--   membership of everybody in it · no room: anything may have changed
-- Unlogged, so that it costs no write-ahead log. A crash empties it, and the other table with it: that is how nodes notice.
CREATE UNLOGGED TABLE "change_tail" (
    "xid" xid8 NOT NULL DEFAULT pg_current_xact_id(),
    "rooms" TEXT[] NOT NULL,
    "versions" INTEGER[],
    "people" UUID[]
-- Rows of a hundred rooms are neither compressed nor moved out.
) WITH (toast_tuple_target = 8160);

CREATE UNLOGGED TABLE "change_tail_epoch" (
    "is_only" BOOLEAN NOT NULL DEFAULT true,
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),

    CONSTRAINT "change_tail_epoch_pkey" PRIMARY KEY ("is_only"),
    CONSTRAINT "change_tail_epoch_is_only" CHECK ("is_only")
);

CREATE TABLE "rate_limits" (
    "key" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    "resets_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "rate_limits_pkey" PRIMARY KEY ("key")
);

CREATE UNIQUE INDEX "users_username_key" ON "users"("username");

CREATE UNIQUE INDEX "users_id_username_key" ON "users"("id", "username");

CREATE UNIQUE INDEX "users_external_issuer_external_subject_key" ON "users"("external_issuer", "external_subject");

CREATE INDEX "sessions_user_id_last_seen_at_idx" ON "sessions"("user_id", "last_seen_at" DESC);

CREATE INDEX "sessions_expires_at_idx" ON "sessions"("expires_at");

CREATE INDEX "session_revocations_at_idx" ON "session_revocations"("at");

CREATE UNIQUE INDEX "rooms_direct_key_key" ON "rooms"("direct_key");

CREATE INDEX "memberships_room_id_role_member_name_idx" ON "memberships"("room_id", "role", "member_name");

CREATE INDEX "memberships_user_id_idx" ON "memberships"("user_id");

CREATE INDEX "past_memberships_user_id_idx" ON "past_memberships"("user_id");

CREATE INDEX "message_search_time_room_id_seq_idx" ON "message_search"("time", "room_id", "seq");

CREATE INDEX "message_search_room_id_time_seq_idx" ON "message_search"("room_id", "time", "seq");

CREATE INDEX "reactions_user_id_idx" ON "reactions"("user_id");

CREATE INDEX "mentions_room_id_seq_idx" ON "mentions"("room_id", "seq");

CREATE INDEX "attachments_room_id_seq_idx" ON "attachments"("room_id", "seq");

CREATE INDEX "attachments_uploader_id_idx" ON "attachments"("uploader_id");

CREATE UNIQUE INDEX "invites_token_hash_key" ON "invites"("token_hash");

CREATE INDEX "invites_room_id_idx" ON "invites"("room_id");

CREATE INDEX "invites_created_by_idx" ON "invites"("created_by");

CREATE INDEX "bans_user_id_idx" ON "bans"("user_id");

CREATE INDEX "audit_log_at_idx" ON "audit_log"("at");

CREATE INDEX "audit_log_room_id_at_idx" ON "audit_log"("room_id", "at");

CREATE INDEX "audit_log_actor_id_at_idx" ON "audit_log"("actor_id", "at");

CREATE INDEX "change_tail_xid_idx" ON "change_tail"("xid");

CREATE INDEX "rate_limits_resets_at_idx" ON "rate_limits"("resets_at");

-- A repeated send finds its message here. Lines about the room have no client_id.
CREATE UNIQUE INDEX "messages_room_id_author_id_client_id_key" ON "messages"("room_id", "author_id", "client_id") WHERE "client_id" IS NOT NULL;

-- Few messages are replies, are pinned or mention the whole room.
CREATE INDEX "messages_thread_idx" ON "messages"("room_id", "reply_to_seq", "seq") WHERE "reply_to_seq" IS NOT NULL;
CREATE INDEX "messages_pins_idx" ON "messages"("room_id", "pinned_at" DESC) WHERE "pinned_at" IS NOT NULL;
CREATE INDEX "messages_room_mentions_idx" ON "messages"("room_id", "seq") WHERE "mentions_room";

-- Partial, so that removing a message, which happens under its room's lock, puts nothing into it. Each search reads the whole
-- list of what is pending, so the list is short.
CREATE INDEX "message_search_terms_idx" ON "message_search" USING GIN ("terms") WITH (gin_pending_list_limit = 1024) WHERE "terms" IS NOT NULL;

-- rooms.browse pages through the public rooms by name. A name has one line.
CREATE INDEX "rooms_browse_idx" ON "rooms"(split_part("search_name", E'\n', 1), "id") WHERE "kind" = 'public' AND "archived_at" IS NULL;
-- Parts of names. Without the list of pending entries, whose emptying would hold up whoever fills it.
CREATE INDEX "rooms_grams_idx" ON "rooms" USING GIN (grams_of("search_name")) WITH (fastupdate = off)
  WHERE "kind" = 'public' AND "archived_at" IS NULL;
-- Display names by their beginning.
CREATE INDEX "users_display_name_idx" ON "users"(split_part("search_name", E'\n', 2), "username");
CREATE INDEX "users_grams_idx" ON "users" USING GIN (grams_of("search_name")) WITH (fastupdate = off);

ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "session_revocations" ADD CONSTRAINT "session_revocations_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "session_revocations" ADD CONSTRAINT "session_revocations_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "memberships" ADD CONSTRAINT "memberships_room_id_fkey" FOREIGN KEY ("room_id") REFERENCES "rooms"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "memberships" ADD CONSTRAINT "memberships_user_id_member_name_fkey" FOREIGN KEY ("user_id", "member_name") REFERENCES "users"("id", "username") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "past_memberships" ADD CONSTRAINT "past_memberships_room_id_fkey" FOREIGN KEY ("room_id") REFERENCES "rooms"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "past_memberships" ADD CONSTRAINT "past_memberships_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "messages" ADD CONSTRAINT "messages_room_id_fkey" FOREIGN KEY ("room_id") REFERENCES "rooms"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "messages" ADD CONSTRAINT "messages_author_id_fkey" FOREIGN KEY ("author_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "messages" ADD CONSTRAINT "messages_detail_user_id_fkey" FOREIGN KEY ("detail_user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "messages" ADD CONSTRAINT "messages_room_id_reply_to_seq_fkey" FOREIGN KEY ("room_id", "reply_to_seq") REFERENCES "messages"("room_id", "seq") ON DELETE NO ACTION ON UPDATE NO ACTION;

ALTER TABLE "reactions" ADD CONSTRAINT "reactions_room_id_seq_fkey" FOREIGN KEY ("room_id", "seq") REFERENCES "messages"("room_id", "seq") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "reactions" ADD CONSTRAINT "reactions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "mentions" ADD CONSTRAINT "mentions_room_id_seq_fkey" FOREIGN KEY ("room_id", "seq") REFERENCES "messages"("room_id", "seq") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "mentions" ADD CONSTRAINT "mentions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "attachments" ADD CONSTRAINT "attachments_room_id_seq_fkey" FOREIGN KEY ("room_id", "seq") REFERENCES "messages"("room_id", "seq") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "attachments" ADD CONSTRAINT "attachments_uploader_id_fkey" FOREIGN KEY ("uploader_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "invites" ADD CONSTRAINT "invites_room_id_fkey" FOREIGN KEY ("room_id") REFERENCES "rooms"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "invites" ADD CONSTRAINT "invites_created_by_fkey" FOREIGN KEY ("created_by") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "bans" ADD CONSTRAINT "bans_room_id_fkey" FOREIGN KEY ("room_id") REFERENCES "rooms"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "bans" ADD CONSTRAINT "bans_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- A trigger writes these entries, so that every node learns of any change to a person's row, an operator's SQL included.
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

-- Tells listening nodes at the commit that the log has grown: it reaches them without Redis too.
CREATE FUNCTION notify_of_revocations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('roomline_revocations', '');
  RETURN NULL;
END
$$;

CREATE TRIGGER session_revocations_notify AFTER INSERT ON session_revocations FOR EACH STATEMENT
EXECUTE FUNCTION notify_of_revocations();

CREATE FUNCTION name_member() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- For nobody's id, the foreign key refuses the row.
  NEW.member_name := coalesce((SELECT u.username FROM users u WHERE u.id = NEW.user_id), '');
  RETURN NEW;
END
$$;

CREATE TRIGGER memberships_name_member BEFORE INSERT ON memberships FOR EACH ROW WHEN (NEW.member_name IS NULL)
EXECUTE FUNCTION name_member();

-- Once for a statement, not for each row: many people can join at once. Whoever writes memberships holds the room from here on.
CREATE FUNCTION count_members() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE rooms r SET member_count = r.member_count + CASE TG_OP WHEN 'INSERT' THEN c.count ELSE -c.count END
  FROM (SELECT s.room_id, count(*)::int AS count FROM changed s GROUP BY s.room_id) c WHERE r.id = c.room_id;
  RETURN NULL;
END
$$;

CREATE TRIGGER memberships_count_inserted AFTER INSERT ON memberships REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
EXECUTE FUNCTION count_members();

CREATE TRIGGER memberships_count_deleted AFTER DELETE ON memberships REFERENCING OLD TABLE AS changed FOR EACH STATEMENT
EXECUTE FUNCTION count_members();

-- Once for each statement: a room that is deleted takes all its messages with it.
CREATE FUNCTION remove_search_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM message_search t USING removed m WHERE t.room_id = m.room_id AND t.seq = m.seq;
  RETURN NULL;
END
$$;

CREATE TRIGGER messages_remove_search_terms AFTER DELETE ON messages REFERENCING OLD TABLE AS removed FOR EACH STATEMENT
EXECUTE FUNCTION remove_search_terms();

-- These triggers write the tail of changes, so that every node learns of any change, an operator's SQL included. They run once
-- for a statement: next to nothing when it stores many sends.
CREATE FUNCTION note_changed_rooms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO change_tail (rooms, versions) SELECT CASE WHEN count(*) <= 10000 THEN array_agg(id) ELSE '{NULL}' END,
    CASE WHEN count(*) <= 10000 THEN array_agg(last_version) END FROM changed HAVING count(*) > 0;
  RETURN NULL;
END
$$;

CREATE TRIGGER rooms_note_changed AFTER UPDATE ON rooms REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
EXECUTE FUNCTION note_changed_rooms();

-- No list watches an archived room, so nobody would notice that it is back.
CREATE FUNCTION note_restored_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO change_tail (rooms) VALUES (ARRAY[NEW.id]);
  RETURN NULL;
END
$$;

CREATE TRIGGER rooms_note_restored AFTER UPDATE OF archived_at ON rooms FOR EACH ROW
WHEN (NEW.archived_at IS NULL AND OLD.archived_at IS NOT NULL) EXECUTE FUNCTION note_restored_room();

CREATE FUNCTION note_changed_memberships() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO change_tail (rooms, people) SELECT CASE WHEN count(*) <= 10000 THEN array_agg(room_id) ELSE '{NULL}' END,
    CASE WHEN count(*) <= 10000 THEN array_agg(user_id) END FROM changed HAVING count(*) > 0;
  RETURN NULL;
END
$$;

CREATE TRIGGER memberships_note_new AFTER INSERT ON memberships REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
EXECUTE FUNCTION note_changed_memberships();

CREATE TRIGGER memberships_note_ended AFTER DELETE ON memberships REFERENCING OLD TABLE AS changed FOR EACH STATEMENT
EXECUTE FUNCTION note_changed_memberships();

CREATE FUNCTION note_changed_membership() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO change_tail (rooms, people) VALUES (ARRAY[NEW.room_id], ARRAY[NEW.user_id]);
  RETURN NULL;
END
$$;

-- A send moves its author's read mark too, and is news of its own: it sets last_sent_at with it.
CREATE TRIGGER memberships_note_changed AFTER UPDATE OF role, notify, muted_until, read_seq ON memberships FOR EACH ROW
WHEN (NEW.last_sent_at IS NOT DISTINCT FROM OLD.last_sent_at) EXECUTE FUNCTION note_changed_membership();

-- What was committed since a position in the tail of changes, and the position after it. A position is a snapshot: every
-- transaction was either visible in it, or is one that it knows was running, or has a higher id. So each row is read once, in
-- whatever order transactions commit, and one that stays open costs nothing.
--
-- changes: [[room, version, person], …]; null when they cannot be known, because rows may have been pruned or lost since then
--          or there are too many.
CREATE FUNCTION read_change_tail(known jsonb) RETURNS TABLE (place jsonb, changes json)
-- By index, whatever the planner's statistics say. What it then believes to be expensive is not worth compiling.
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET jit = off AS $$
DECLARE
  seen pg_snapshot := known->>'snapshot';
  now_seen pg_snapshot := pg_current_snapshot();
  epoch uuid := (SELECT id FROM change_tail_epoch WHERE is_only);
BEGIN
  place := jsonb_build_object('snapshot', now_seen::text, 'epoch', epoch, 'at', clock_timestamp());
  -- Rows are kept twice as long as this.
  IF epoch = (known->>'epoch')::uuid AND (known->>'at')::timestamptz > clock_timestamp() - interval '30 s'
    -- Transaction ids only go back in another database.
    AND pg_snapshot_xmax(seen) <= pg_snapshot_xmax(now_seen)
  THEN
    SELECT CASE WHEN count(*) <= 100000 AND count(*) = count(c.room)
      THEN coalesce(json_agg(json_build_array(c.room, c.version, c.person)), '[]') END
    INTO changes
    FROM (
      SELECT c.room, max(c.version) AS version, c.person
      FROM (
        SELECT rooms, versions, people FROM change_tail WHERE xid >= pg_snapshot_xmax(seen)
        UNION ALL
        SELECT rooms, versions, people FROM change_tail WHERE xid = ANY(ARRAY(SELECT pg_snapshot_xip(seen)))
      ) t
      CROSS JOIN LATERAL unnest(t.rooms, t.versions, t.people) AS c(room, version, person)
      GROUP BY c.room, c.person, c.version IS NULL
      LIMIT 100001
    ) c;
  END IF;
  RETURN NEXT;
END
$$;

-- Deletes up to 10,000 rows that were visible in a snapshot, and not yet in an earlier one.
CREATE FUNCTION prune_change_tail(before pg_snapshot, pruned pg_snapshot) RETURNS int
LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $$
DECLARE
  deleted int;
BEGIN
  DELETE FROM change_tail WHERE ctid = ANY(ARRAY(
    SELECT t.ctid FROM change_tail t
    WHERE t.xid >= coalesce(pg_snapshot_xmin(pruned), '0') AND t.xid < pg_snapshot_xmax(before) AND pg_visible_in_snapshot(t.xid, before)
    LIMIT 10000 FOR UPDATE SKIP LOCKED
  ));
  GET DIAGNOSTICS deleted = ROW_COUNT;
  RETURN deleted;
END
$$;

-- Triggers write room_changes, so that no statement can forget to, an operator's SQL included. They cost nothing where
-- messages are only stored. A changed message writes its own row; last_seq is that of the room because the message is written
-- right after its version was taken.
CREATE FUNCTION note_changed_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO room_changes (room_id, version, seq, last_seq)
  SELECT NEW.room_id, NEW.version, NEW.seq, r.last_seq FROM rooms r WHERE r.id = NEW.room_id
  ON CONFLICT (room_id, version) DO UPDATE SET seq = excluded.seq;
  RETURN NULL;
END
$$;

CREATE TRIGGER messages_note_change AFTER UPDATE OF version ON messages FOR EACH ROW
WHEN (NEW.version <> OLD.version)
EXECUTE FUNCTION note_changed_message();

-- Writes at the commit what no changed message has written: the versions of everything else.
CREATE FUNCTION note_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO room_changes AS known (room_id, version, last_seq) VALUES (NEW.id, NEW.last_version, NEW.last_seq)
  ON CONFLICT (room_id, version) DO UPDATE SET last_seq = excluded.last_seq WHERE known.last_seq <> excluded.last_seq;
  RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER rooms_note_version AFTER UPDATE OF last_version ON rooms DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN (NEW.last_version - OLD.last_version > NEW.last_seq - OLD.last_seq)
EXECUTE FUNCTION note_version();

-- In place of a foreign key, whose check would cost each change more than its row.
CREATE FUNCTION forget_versions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM room_changes WHERE room_id = OLD.id;
  RETURN NULL;
END
$$;

CREATE TRIGGER rooms_forget_versions AFTER DELETE ON rooms FOR EACH ROW EXECUTE FUNCTION forget_versions();

-- A person as everybody sees them: a `User` of the protocol.
CREATE FUNCTION show_user(person users) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_build_object('id', person.id, 'username', person.username, 'displayName', person.display_name, 'avatar', person.avatar)
$$;

-- What of these names is a mention in the room: usernames of its members, in alphabetical order, and "@room".
CREATE FUNCTION mentions_in(room text, names text[]) RETURNS text[] LANGUAGE sql STABLE AS $$
  SELECT ARRAY(
    SELECT u.username FROM users u JOIN memberships s ON s.user_id = u.id AND s.room_id = room WHERE u.username = ANY(names) ORDER BY 1
  ) || CASE WHEN '@room' = ANY(names) THEN ARRAY['@room'] ELSE '{}'::text[] END
$$;

-- The people for whom a message's mentions count: everybody named but its author.
CREATE FUNCTION people_mentioned(mentions text[], author uuid) RETURNS SETOF uuid LANGUAGE sql STABLE AS $$
  SELECT u.id FROM users u WHERE u.username = ANY(mentions) AND u.id <> author
$$;

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
-- The author has read what they wrote. The message that was answered changes too: it gets a version of its own, after the
-- versions of everything that is stored with it, in the parent_version of the last answer to it.
CREATE FUNCTION store_sends(sends jsonb, may_wait boolean)
RETURNS TABLE (
  place int, outcome text, seq int, version int, "time" timestamptz, username text, display_name text, avatar text,
  mentions text[], reply_to jsonb, parent_version int, wait_ms int
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
    SELECT a.*, k.seq AS known_seq, u.username, u.display_name, u.avatar, p.quote,
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
      SELECT m.seq, jsonb_build_object('seq', m.seq, 'text', m.text, 'author', show_user(w)) AS quote
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
    INSERT INTO messages (room_id, seq, version, author_id, uid, client_id, body_hash, text, reply_to_seq, mentions, mentions_room)
    SELECT f.room, b.seq_before + f.nth, b.version_before + f.nth, f.author, f.uid, f.client_id,
      CASE WHEN f.client_id IS NOT NULL THEN f.body_hash END, f.text, f.reply_to, f.mentioned, '@room' = ANY(f.mentioned)
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
    m."time", j.username, j.display_name, j.avatar, f.mentioned, j.quote, w.version, j.wait_ms
  FROM judged j
  LEFT JOIN fresh f ON f.place = j.place
  LEFT JOIN raised b ON b.id = f.room
  LEFT JOIN stored m ON m.room_id = f.room AND m.seq = b.seq_before + f.nth
  LEFT JOIN parents p ON p.room = f.room AND p.reply_to = f.reply_to AND p.last_place = f.place
  LEFT JOIN answered w ON w.room_id = p.room AND w.seq = p.reply_to
  ORDER BY j.place;
END
$$;

-- Everybody starts in this room.
INSERT INTO "rooms" ("id", "kind", "name", "topic") VALUES ('general', 'public', 'general', 'For everyone on this server');
