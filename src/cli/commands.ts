import {
  type AdminPerson,
  adminPeopleInput,
  adminPersonInput,
  adminSetRoleInput,
  createServerInviteInput,
  updateSettingsInput,
} from '../contract/admin'
import { roomInput } from '../contract/room'
import { registerInput } from '../contract/sign-in'
import { createPerson } from '../server/admin/create-person'
import { deletePerson } from '../server/admin/delete-person'
import { deleteRoom, deleteRows } from '../server/admin/delete-room'
import { exportRoom } from '../server/admin/export-room'
import { listPeople } from '../server/admin/list-people'
import type { AdminContext } from '../server/admin/needs'
import { createResetLink } from '../server/admin/password-reset'
import { disablePerson, enablePerson, endSessionsOf, removeSecondFactorsOf, setServerRole } from '../server/admin/person-acts'
import { createServerInvite } from '../server/admin/server-invites'
import { showSettings, updateSettings } from '../server/admin/settings'
import { auditCommand } from './audit-command'
import type { Command } from './command'
import { checkInput, readNumber } from './usage'

const describePerson = ({ username, displayName, role, disabledAt, sessions }: AdminPerson) =>
  `${username.padEnd(24)} ${role.padEnd(7)} ${disabledAt ? 'disabled' : `${sessions} ${sessions === 1 ? 'session' : 'sessions'}`}  ${displayName}`

/** A command that is about one person and prints them. */
const aboutPerson = (
  summary: string,
  example: string,
  act: (ctx: AdminContext, username: string) => Promise<object>,
  words: (username: string) => string,
): Command => ({
  ...{ args: ['username'], summary, example },
  run: async function* (ctx, { args: [name] }) {
    const { username } = checkInput(adminPersonInput, { username: name })
    yield { json: await act(ctx, username), text: words(username) }
  },
})

const describeLink = ({ url, expiresAt }: { url: string; expiresAt: string | null }) =>
  `${url}\nIt works once${expiresAt ? `, until ${expiresAt}` : ''}. It is not shown again.`

export const commands: Record<string, Command> = {
  people: {
    ...{ args: [], options: { query: 'text', role: 'role' }, summary: 'list people, disabled ones too', example: 'people --role admin' },
    run: async function* (ctx, { options: { query, role } }) {
      let cursor: string | null = null
      do {
        const page = await listPeople(ctx, checkInput(adminPeopleInput, { ...(query && { query }), ...(role && { role }), cursor }))
        for (const person of page.people) yield { json: person, text: describePerson(person) }
        cursor = page.cursor
      } while (cursor !== null)
    },
  },

  'create-person': {
    ...{ args: ['username'], options: { name: '"display name"', role: 'admin|member|guest' } },
    ...{ summary: 'create an account, and print the link for choosing its password', example: 'create-person ada --role admin' },
    run: async function* (ctx, { args: [name], options }) {
      const { username, role } = checkInput(adminSetRoleInput, { username: name, role: options.role ?? 'member' })
      const displayName = options.name ? checkInput(registerInput.shape.displayName, options.name) : undefined
      const created = await createPerson(ctx, { username, role, displayName: displayName || username })
      yield { json: created, text: `Created ${username} (${role}). Link for choosing a password:\n${describeLink(created)}` }
    },
  },

  disable: aboutPerson('sign somebody out everywhere and keep them out', 'disable ada', disablePerson, (name) => `Disabled ${name}.`),
  enable: aboutPerson('let somebody sign in again', 'enable ada', enablePerson, (name) => `Enabled ${name}.`),

  'set-role': {
    ...{ args: ['username', 'role'], summary: 'make somebody an admin, member or guest', example: 'set-role ada admin' },
    run: async function* (ctx, { args: [username, role] }) {
      const input = checkInput(adminSetRoleInput, { username, role })
      yield { json: await setServerRole(ctx, input), text: `${input.username} is now ${input.role}.` }
    },
  },

  'reset-link': {
    ...{ args: ['username'], flags: { 'remove-second-factor': 'turn off two-step sign-in and remove their passkeys too' } },
    ...{ summary: 'print a one-time link for a new password', example: 'reset-link ada --remove-second-factor' },
    run: async function* (ctx, { args: [name], flags }) {
      const { username } = checkInput(adminPersonInput, { username: name })
      const removesFactors = flags.has('remove-second-factor')
      if (removesFactors) await removeSecondFactorsOf(ctx, username)
      const link = await createResetLink(ctx, username)
      const removed = `Two-step sign-in of ${username} is off, and their passkeys are removed.\n`
      yield { json: link, text: `${removesFactors ? removed : ''}${describeLink(link)}` }
    },
  },

  'end-sessions': aboutPerson('sign somebody out everywhere', 'end-sessions ada', endSessionsOf, (name) => `Signed ${name} out.`),
  'delete-person': aboutPerson(
    ...(['delete an account; its messages stay, under "Deleted user"', 'delete-person ada', deletePerson] as const),
    (name) => `Deleted ${name}.`,
  ),

  invite: {
    ...{ args: [], options: { role: 'member|guest', uses: 'number|unlimited', hours: 'number|never' } },
    ...{ summary: 'print a link with which people can create an account', example: 'invite --uses 5 --hours 48' },
    run: async function* (ctx, { options: { role, uses, hours } }) {
      const maxUses = readNumber('uses', uses, 'unlimited')
      const input = { ...(role && { role }), ...(maxUses !== undefined && { maxUses }) }
      const validHours = readNumber('hours', hours, 'never')
      const invite = await createServerInvite(
        ctx,
        checkInput(createServerInviteInput, { ...input, ...(validHours !== undefined && { hours: validHours }) }),
      )
      const limit = invite.maxUses === null ? 'any number of people' : invite.maxUses === 1 ? 'one person' : `${invite.maxUses} people`
      const until = invite.expiresAt ? ` until ${invite.expiresAt}` : ''
      yield { json: invite, text: `${invite.url}\nFor ${limit}${until}. It is not shown again.` }
    },
  },

  registration: {
    ...{ args: ['[open|invite|closed]'], summary: 'show or set who can create an account', example: 'registration invite' },
    run: async function* (ctx, { args: [mode] }) {
      const settings =
        mode === undefined ? await showSettings(ctx) : await updateSettings(ctx, checkInput(updateSettingsInput, { registration: mode }))
      const { registration, registrationIsFixed } = settings
      yield {
        json: { registration, registrationIsFixed },
        text: `Registration is ${registration}${registrationIsFixed ? ', set by the variable REGISTRATION' : ''}.`,
      }
    },
  },

  audit: auditCommand,

  'export-room': {
    ...{ args: ['room'], summary: 'print all messages of a room as JSON lines', example: 'export-room general > general.jsonl' },
    run: async function* (ctx, { args: [room] }) {
      for await (const messages of exportRoom(ctx, checkInput(roomInput, { room }).room)) {
        for (const message of messages) yield { json: message, text: JSON.stringify(message) }
      }
    },
  },

  'delete-room': {
    ...{ args: ['room'], summary: 'delete a room with everything in it', example: 'delete-room old-project' },
    run: async function* (ctx, { args: [name] }) {
      const { room } = checkInput(roomInput, { room: name })
      const deleted = await deleteRoom(ctx, room)
      // Without a running server there is nobody else to go on with a large room.
      while (!(await deleteRows(ctx.parts.pool, room))) {}
      yield { json: deleted, text: `Deleted ${room}.` }
    },
  },
}
