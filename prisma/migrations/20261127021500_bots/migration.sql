-- Accounts of programs. Their people have the role bot, and no password. The token is shown once: only its hash is stored.
CREATE TABLE "bots" (
    "user_id" UUID NOT NULL,
    -- Null when the account of that person was deleted. Then only admins look after the bot.
    "owner_id" UUID,
    "token_hash" BYTEA NOT NULL,
    -- What the token signs in as. Another token has another session.
    "session_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "bots_pkey" PRIMARY KEY ("user_id")
);

-- Addresses at which programs write in a room. Each writes as a bot of its own.
CREATE TABLE "hooks" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "room_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "bot_id" UUID NOT NULL,
    "token_hash" BYTEA NOT NULL,
    "created_by" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "hooks_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "bots_token_hash_key" ON "bots"("token_hash");

CREATE INDEX "bots_owner_id_idx" ON "bots"("owner_id");

CREATE UNIQUE INDEX "hooks_token_hash_key" ON "hooks"("token_hash");

CREATE INDEX "hooks_room_id_idx" ON "hooks"("room_id");

CREATE UNIQUE INDEX "hooks_bot_id_key" ON "hooks"("bot_id");

CREATE INDEX "hooks_created_by_idx" ON "hooks"("created_by");

ALTER TABLE "bots" ADD CONSTRAINT "bots_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "bots" ADD CONSTRAINT "bots_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "users"("id") ON DELETE SET NULL ON UPDATE CASCADE;

ALTER TABLE "hooks" ADD CONSTRAINT "hooks_room_id_fkey" FOREIGN KEY ("room_id") REFERENCES "rooms"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "hooks" ADD CONSTRAINT "hooks_bot_id_fkey" FOREIGN KEY ("bot_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "hooks" ADD CONSTRAINT "hooks_created_by_fkey" FOREIGN KEY ("created_by") REFERENCES "users"("id") ON DELETE SET NULL ON UPDATE CASCADE;
