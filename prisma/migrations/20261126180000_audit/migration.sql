-- The address that an act came from.
ALTER TABLE "audit_log" ADD COLUMN "ip" TEXT;
