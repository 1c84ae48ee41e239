-- What admins set. A null leaves it to the default.
CREATE TABLE "server_settings" (
    "is_only" BOOLEAN NOT NULL DEFAULT true,
    "name" TEXT,
    "registration" TEXT,
    "logo" BYTEA,
    "logo_type" TEXT,
    -- Names the logo in its URL.
    "logo_hash" TEXT GENERATED ALWAYS AS (left(encode(sha256("logo"), 'hex'), 32)) STORED,

    CONSTRAINT "server_settings_pkey" PRIMARY KEY ("is_only"),
    CONSTRAINT "server_settings_is_only" CHECK ("is_only"),
    CONSTRAINT "server_settings_registration" CHECK ("registration" IN ('open', 'invite', 'closed')),
    CONSTRAINT "server_settings_logo" CHECK (("logo" IS NULL) = ("logo_type" IS NULL) AND octet_length("logo") <= 98304)
);

INSERT INTO "server_settings" DEFAULT VALUES;

-- Invitations to the server, for people without an account.
CREATE TABLE "server_invites" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "token_hash" BYTEA NOT NULL,
    "role" "server_role" NOT NULL,
    -- Null when the operator created it.
    "created_by" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "max_uses" INTEGER,
    "uses" INTEGER NOT NULL DEFAULT 0,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "server_invites_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "server_invites_role" CHECK ("role" IN ('member', 'guest')),
    CONSTRAINT "server_invites_uses" CHECK ("uses" >= 0 AND ("max_uses" IS NULL OR "uses" <= "max_uses"))
);

-- Links for a new password. A person has one at most: a newer one replaces it.
CREATE TABLE "password_resets" (
    "user_id" UUID NOT NULL,
    "token_hash" BYTEA NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "password_resets_pkey" PRIMARY KEY ("user_id")
);

-- A room with this is being deleted: it is private and has no members, so nobody can find it, and its rows are going.
ALTER TABLE "rooms" ADD COLUMN "deleted_at" TIMESTAMPTZ(3);

CREATE UNIQUE INDEX "server_invites_token_hash_key" ON "server_invites"("token_hash");

CREATE INDEX "server_invites_created_at_idx" ON "server_invites"("created_at" DESC);

CREATE INDEX "server_invites_created_by_idx" ON "server_invites"("created_by");

CREATE UNIQUE INDEX "password_resets_token_hash_key" ON "password_resets"("token_hash");

-- For lists of people with one role.
CREATE INDEX "users_role_username_idx" ON "users"("role", "username");

-- admin.rooms pages through all but direct rooms by name, and finds them by parts of their names.
CREATE INDEX "rooms_admin_idx" ON "rooms"(split_part("search_name", E'\n', 1), "id") WHERE "kind" <> 'direct' AND "deleted_at" IS NULL;
CREATE INDEX "rooms_admin_grams_idx" ON "rooms" USING GIN (grams_of("search_name")) WITH (fastupdate = off)
  WHERE "kind" <> 'direct' AND "deleted_at" IS NULL;

ALTER TABLE "server_invites" ADD CONSTRAINT "server_invites_created_by_fkey" FOREIGN KEY ("created_by") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "password_resets" ADD CONSTRAINT "password_resets_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- By key, whatever the planner expects of a table without statistics: messages are deleted some thousand at a time.
CREATE OR REPLACE FUNCTION remove_search_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM message_search WHERE ctid = ANY(ARRAY(
    SELECT t.ctid FROM removed m
    CROSS JOIN LATERAL (SELECT s.ctid FROM message_search s WHERE s.room_id = m.room_id AND s.seq = m.seq LIMIT 1) t
  ));
  RETURN NULL;
END
$$;

-- Whether anybody has claimed this server: asked at each sign-up, and answered by one row.
CREATE INDEX "users_claimed_idx" ON "users" ("id") WHERE "external_issuer" IS NULL AND "role" <> 'bot' OR "role" = 'admin';
