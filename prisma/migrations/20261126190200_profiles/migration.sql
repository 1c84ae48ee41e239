-- The name of the time zone that somebody shares, and whether they hide how far they have read.
ALTER TABLE "users" ADD COLUMN "time_zone" TEXT, ADD COLUMN "hide_reads" BOOLEAN NOT NULL DEFAULT false,
    ADD CONSTRAINT "users_time_zone_length" CHECK (char_length("time_zone") <= 64);
