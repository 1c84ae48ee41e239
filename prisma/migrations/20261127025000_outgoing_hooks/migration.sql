-- Addresses that what people write in a room is posted to, one message after the other.
CREATE TABLE "outgoing_hooks" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "room_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    -- What requests are signed with, encrypted with a key derived from AUTH_SECRET.
    "sealed_secret" BYTEA NOT NULL,
    "created_by" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    -- Every message up to this one was posted, or need not be.
    "after_seq" INTEGER NOT NULL,
    -- How often posting the next one has failed, when it is tried again, and why it failed.
    "tries" INTEGER NOT NULL DEFAULT 0,
    "retry_at" TIMESTAMPTZ(3),
    "last_error" TEXT,
    -- It has failed too often: nothing is posted any more.
    "stopped_at" TIMESTAMPTZ(3),

    CONSTRAINT "outgoing_hooks_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "outgoing_hooks_room_id_idx" ON "outgoing_hooks"("room_id");

CREATE INDEX "outgoing_hooks_created_by_idx" ON "outgoing_hooks"("created_by");

ALTER TABLE "outgoing_hooks" ADD CONSTRAINT "outgoing_hooks_room_id_fkey" FOREIGN KEY ("room_id") REFERENCES "rooms"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "outgoing_hooks" ADD CONSTRAINT "outgoing_hooks_created_by_fkey" FOREIGN KEY ("created_by") REFERENCES "users"("id") ON DELETE SET NULL ON UPDATE CASCADE;
