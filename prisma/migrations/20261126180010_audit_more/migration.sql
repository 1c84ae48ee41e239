-- Entries are read from the newest on, by id: their times can be the same, and clocks go back.
DROP INDEX "audit_log_room_id_at_idx";

DROP INDEX "audit_log_actor_id_at_idx";

CREATE INDEX "audit_log_actor_id_id_idx" ON "audit_log"("actor_id", "id");

CREATE INDEX "audit_log_action_id_idx" ON "audit_log"("action", "id");

CREATE INDEX "audit_log_actor_id_action_id_idx" ON "audit_log"("actor_id", "action", "id");

-- The kinds of version 2.
UPDATE audit_log SET action = k.kind FROM (VALUES
  ('room.update', 'room.updated'),
  ('room.archive', 'room.archived'),
  ('room.restore', 'room.restored'),
  ('room.setRole', 'room.roleSet'),
  ('room.invite', 'room.invited'),
  ('room.acceptInvite', 'room.inviteAccepted'),
  ('room.remove', 'room.removed'),
  ('room.ban', 'room.banned'),
  ('room.unban', 'room.unbanned'),
  ('room.mute', 'room.muted'),
  ('room.unmute', 'room.unmuted'),
  ('room.createInvite', 'room.inviteCreated'),
  ('room.revokeInvite', 'room.inviteRevoked'),
  ('chat.remove', 'room.messageRemoved'),
  ('user.delete', 'account.deleted')
) AS k (old, kind) WHERE audit_log.action = k.old;
