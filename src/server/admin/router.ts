import {
  adminConnectionsInput,
  adminPeopleInput,
  adminPersonInput,
  adminRoomInput,
  adminRoomsInput,
  adminSetRoleInput,
  auditInput,
  createServerInviteInput,
  revokeServerInviteInput,
  updateSettingsInput,
} from '../../contract/admin'
import { type CallContext, endOwnSession } from '../caller'
import { noInput, router, signedInProcedure } from '../trpc'
import { deletePerson } from './delete-person'
import { deleteRoom } from './delete-room'
import { listAudit } from './list-audit'
import { listConnections } from './list-connections'
import { listPeople } from './list-people'
import { listAllRooms } from './list-rooms'
import type { AdminContext } from './needs'
import { createResetLink } from './password-reset'
import { disablePerson, enablePerson, endSessionsOf, removeSecondFactorsOf, setServerRole } from './person-acts'
import { createServerInvite, listServerInvites, revokeServerInvite } from './server-invites'
import { showSettings, updateSettings } from './settings'

const asAdmin = <Needs>({ parts, caller }: CallContext<Needs>): AdminContext<Needs> => ({ parts, actorId: caller.user.id, ip: caller.ip })

export const adminRouter = router({
  people: signedInProcedure.input(adminPeopleInput).query(({ ctx, input }) => listPeople(asAdmin(ctx), input)),
  disable: signedInProcedure.input(adminPersonInput).mutation(({ ctx, input }) => disablePerson(asAdmin(ctx), input.username)),
  enable: signedInProcedure.input(adminPersonInput).mutation(({ ctx, input }) => enablePerson(asAdmin(ctx), input.username)),
  setRole: signedInProcedure.input(adminSetRoleInput).mutation(({ ctx, input }) => setServerRole(asAdmin(ctx), input)),
  resetLink: signedInProcedure.input(adminPersonInput).mutation(({ ctx, input }) => createResetLink(asAdmin(ctx), input.username)),
  removeSecondFactors: signedInProcedure
    .input(adminPersonInput)
    .mutation(({ ctx, input }) => removeSecondFactorsOf(asAdmin(ctx), input.username)),
  // It may be their own.
  endSessions: signedInProcedure
    .input(adminPersonInput)
    .mutation(({ ctx, input }) => endOwnSession(ctx.caller, () => endSessionsOf(asAdmin(ctx), input.username))),
  deletePerson: signedInProcedure.input(adminPersonInput).mutation(({ ctx, input }) => deletePerson(asAdmin(ctx), input.username)),

  settings: signedInProcedure.input(noInput).query(({ ctx }) => showSettings(asAdmin(ctx))),
  updateSettings: signedInProcedure.input(updateSettingsInput).mutation(({ ctx, input }) => updateSettings(asAdmin(ctx), input)),

  createInvite: signedInProcedure.input(createServerInviteInput).mutation(({ ctx, input }) => createServerInvite(asAdmin(ctx), input)),
  invites: signedInProcedure.input(noInput).query(({ ctx }) => listServerInvites(asAdmin(ctx))),
  revokeInvite: signedInProcedure
    .input(revokeServerInviteInput)
    .mutation(({ ctx, input }) => revokeServerInvite(asAdmin(ctx), input.invite)),

  audit: signedInProcedure.input(auditInput).query(({ ctx, input }) => listAudit(asAdmin(ctx), input)),

  rooms: signedInProcedure.input(adminRoomsInput).query(({ ctx, input }) => listAllRooms(asAdmin(ctx), input)),
  deleteRoom: signedInProcedure.input(adminRoomInput).mutation(({ ctx, input }) => deleteRoom(asAdmin(ctx), input.room)),
  connections: signedInProcedure.input(adminConnectionsInput).query(({ ctx, input }) => listConnections(asAdmin(ctx), input)),
})
