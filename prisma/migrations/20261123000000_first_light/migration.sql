-- The whole of the data model. What Prisma's schema cannot say stands here: checks, partial indexes, the generated
-- search column. Both counters of a room are taken under its row's lock, in the transaction that writes the message.

CREATE TYPE "server_role" AS ENUM ('admin', 'member', 'bot', 'guest');

CREATE TYPE "room_kind" AS ENUM ('public', 'private', 'direct');

CREATE TYPE "room_role" AS ENUM ('owner', 'moderator', 'member');

CREATE TYPE "posting_policy" AS ENUM ('everyone', 'moderators');

CREATE TYPE "notification_level" AS ENUM ('all', 'mentions', 'nothing');

CREATE TABLE "users" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "username" TEXT NOT NULL,
    "display_name" TEXT NOT NULL,
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
);

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

CREATE TABLE "session_revocations" (
    "id" BIGSERIAL NOT NULL,
    "session_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "reason" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "session_revocations_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "rooms" (
    "id" TEXT NOT NULL,
    "kind" "room_kind" NOT NULL,
    "name" TEXT NOT NULL,
    "topic" TEXT NOT NULL DEFAULT '',
    "last_seq" INTEGER NOT NULL DEFAULT 0,
    "last_version" INTEGER NOT NULL DEFAULT 0,
    "posting_policy" "posting_policy" NOT NULL DEFAULT 'everyone',
    "slow_mode_seconds" INTEGER NOT NULL DEFAULT 0,
    "direct_key" TEXT,
    "created_by" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "archived_at" TIMESTAMPTZ(3),

    CONSTRAINT "rooms_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "rooms_counters_rise_together" CHECK ("last_seq" >= 0 AND "last_version" >= "last_seq"),
    CONSTRAINT "rooms_direct_key_of_direct_rooms" CHECK (("kind" = 'direct') = ("direct_key" IS NOT NULL))
);

CREATE TABLE "memberships" (
    "room_id" TEXT NOT NULL,
    "user_id" UUID NOT NULL,
    "role" "room_role" NOT NULL DEFAULT 'member',
    "version" INTEGER NOT NULL DEFAULT 0,
    "read_seq" INTEGER NOT NULL DEFAULT 0,
    "notify" "notification_level" NOT NULL DEFAULT 'all',
    "muted_until" TIMESTAMPTZ(3),
    "joined_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "memberships_pkey" PRIMARY KEY ("room_id","user_id"),
    CONSTRAINT "memberships_read_seq" CHECK ("read_seq" >= 0)
);

CREATE TABLE "messages" (
    "room_id" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "version" INTEGER NOT NULL,
    "kind" TEXT NOT NULL DEFAULT 'text',
    "author_id" UUID NOT NULL,
    "uid" TEXT,
    "client_id" TEXT,
    "body_hash" BYTEA,
    "text" TEXT NOT NULL,
    "time" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "reply_to_seq" INTEGER,
    "reply_count" INTEGER NOT NULL DEFAULT 0,
    "mentions_room" BOOLEAN NOT NULL DEFAULT false,
    "edited_at" TIMESTAMPTZ(3),
    "deleted_at" TIMESTAMPTZ(3),
    "pinned_at" TIMESTAMPTZ(3),
    "search" tsvector GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, "text")) STORED,

    CONSTRAINT "messages_pkey" PRIMARY KEY ("room_id","seq"),
    CONSTRAINT "messages_seq_and_version" CHECK ("seq" >= 1 AND "version" >= "seq"),
    CONSTRAINT "messages_text_length" CHECK (char_length("text") <= 4000),
    CONSTRAINT "messages_client_id_length" CHECK (char_length("client_id") BETWEEN 8 AND 64),
    CONSTRAINT "messages_client_id_has_body_hash" CHECK (("client_id" IS NULL) = ("body_hash" IS NULL))
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

CREATE TABLE "rate_limits" (
    "key" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    "resets_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "rate_limits_pkey" PRIMARY KEY ("key")
);

CREATE UNIQUE INDEX "users_username_key" ON "users"("username");

CREATE UNIQUE INDEX "users_external_issuer_external_subject_key" ON "users"("external_issuer", "external_subject");

CREATE INDEX "sessions_user_id_last_seen_at_idx" ON "sessions"("user_id", "last_seen_at" DESC);

CREATE INDEX "sessions_expires_at_idx" ON "sessions"("expires_at");

CREATE INDEX "session_revocations_at_idx" ON "session_revocations"("at");

CREATE UNIQUE INDEX "rooms_direct_key_key" ON "rooms"("direct_key");

CREATE INDEX "memberships_user_id_idx" ON "memberships"("user_id");

CREATE INDEX "messages_author_id_idx" ON "messages"("author_id");

CREATE INDEX "messages_search_idx" ON "messages" USING GIN ("search");

CREATE UNIQUE INDEX "messages_room_id_version_key" ON "messages"("room_id", "version");

CREATE UNIQUE INDEX "messages_room_id_author_id_client_id_key" ON "messages"("room_id", "author_id", "client_id");

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

CREATE INDEX "rate_limits_resets_at_idx" ON "rate_limits"("resets_at");

-- Of the messages that are replies, and of those that are pinned: most are neither.
CREATE INDEX "messages_thread_idx" ON "messages"("room_id", "reply_to_seq", "seq") WHERE "reply_to_seq" IS NOT NULL;
CREATE INDEX "messages_pins_idx" ON "messages"("room_id", "pinned_at" DESC) WHERE "pinned_at" IS NOT NULL;

-- rooms.browse pages through the public rooms by name.
CREATE INDEX "rooms_browse_idx" ON "rooms"(lower("name"), "id") WHERE "kind" = 'public' AND "archived_at" IS NULL;

ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "session_revocations" ADD CONSTRAINT "session_revocations_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "session_revocations" ADD CONSTRAINT "session_revocations_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "memberships" ADD CONSTRAINT "memberships_room_id_fkey" FOREIGN KEY ("room_id") REFERENCES "rooms"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "memberships" ADD CONSTRAINT "memberships_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "messages" ADD CONSTRAINT "messages_room_id_fkey" FOREIGN KEY ("room_id") REFERENCES "rooms"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "messages" ADD CONSTRAINT "messages_author_id_fkey" FOREIGN KEY ("author_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

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

-- The room everybody starts in.
INSERT INTO "rooms" ("id", "kind", "name", "topic") VALUES ('general', 'public', 'general', 'Everybody''s first room') ON CONFLICT DO NOTHING;
