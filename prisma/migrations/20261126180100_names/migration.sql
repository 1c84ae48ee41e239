-- What the names of people and of public rooms look like, so that none looks like another. Filled in after the migrations,
-- because only the server knows the table of letters that look alike.
CREATE TABLE "person_names" (
    "key" TEXT NOT NULL,
    "user_id" UUID NOT NULL,

    CONSTRAINT "person_names_pkey" PRIMARY KEY ("key")
);

-- Not unique: two rooms may have one name when the second was made by somebody who could not see the first.
CREATE TABLE "room_names" (
    "room_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,

    CONSTRAINT "room_names_pkey" PRIMARY KEY ("room_id", "key")
);

-- The room that every server starts with.
INSERT INTO "room_names" ("room_id", "key") SELECT id, name FROM rooms WHERE id = 'general' AND name = 'general' AND archived_at IS NULL;

-- An id must not come to mean another room: links, bookmarks and clients still hold it.
CREATE TABLE "past_room_ids" (
    "id" TEXT NOT NULL,

    CONSTRAINT "past_room_ids_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "person_names_user_id_idx" ON "person_names"("user_id");

CREATE INDEX "room_names_key_idx" ON "room_names"("key");

ALTER TABLE "person_names" ADD CONSTRAINT "person_names_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "room_names" ADD CONSTRAINT "room_names_room_id_fkey" FOREIGN KEY ("room_id") REFERENCES "rooms"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE FUNCTION keep_room_id() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO past_room_ids (id) VALUES (OLD.id) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;

CREATE TRIGGER rooms_keep_id AFTER DELETE ON rooms FOR EACH ROW WHEN (OLD.id !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$') EXECUTE FUNCTION keep_room_id();
