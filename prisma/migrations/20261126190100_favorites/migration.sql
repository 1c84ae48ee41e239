-- A room that this member keeps at the top of their list.
ALTER TABLE "memberships" ADD COLUMN "favorite" BOOLEAN NOT NULL DEFAULT false;

DROP TRIGGER memberships_note_changed ON memberships;

-- A send moves its author's read mark too, and is news of its own: it sets last_sent_at with it.
CREATE TRIGGER memberships_note_changed AFTER UPDATE OF role, notify, favorite, muted_until, read_seq ON memberships FOR EACH ROW
WHEN (NEW.last_sent_at IS NOT DISTINCT FROM OLD.last_sent_at) EXECUTE FUNCTION note_changed_membership();
