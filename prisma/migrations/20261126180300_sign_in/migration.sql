-- How somebody signed in, and whether it was from a device that they had not used before.
ALTER TABLE "sessions"
  ADD COLUMN "method" TEXT NOT NULL DEFAULT 'password',
  ADD COLUMN "new_device" BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN "device_hash" BYTEA;

-- The devices that somebody has signed in from. A device has a random cookie; only its hash is stored.
CREATE TABLE "known_devices" (
    "user_id" UUID NOT NULL,
    "device_hash" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_used_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "known_devices_pkey" PRIMARY KEY ("user_id", "device_hash")
);

CREATE INDEX "known_devices_last_used_at_idx" ON "known_devices"("last_used_at");

ALTER TABLE "known_devices" ADD CONSTRAINT "known_devices_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;
