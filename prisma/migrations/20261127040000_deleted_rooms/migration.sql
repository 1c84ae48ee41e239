-- Finds the few rooms whose rows are still being deleted, among all rooms.
CREATE INDEX rooms_being_deleted ON rooms (id) WHERE deleted_at IS NOT NULL;
