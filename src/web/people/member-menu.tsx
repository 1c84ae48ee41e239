import { Ban, Ellipsis, MessageSquare, Shield, ShieldCheck, UserMinus, UserRound, Volume2 } from 'lucide-react'
import * as Menu from 'radix-ui/dropdown-menu'
import type { Member, RoomRole } from '../../sdk'
import { IconButton } from '../ui/button'
import { MenuContent, MenuItem, MenuLabel, MenuLine } from '../ui/menu'
import { isStepDown, type MemberAct, type MemberChoices } from './member-acts'

const muteTimes = [
  { minutes: 10, words: '10 minutes' },
  { minutes: 60, words: '1 hour' },
  { minutes: 24 * 60, words: '1 day' },
  { minutes: 7 * 24 * 60, words: '1 week' },
]

const roleIcons: Record<RoomRole, typeof Shield> = { owner: ShieldCheck, moderator: Shield, member: UserRound }

interface MemberMenuProps {
  member: Member
  /** The viewer's username. */
  me: string
  choices: MemberChoices
  onAct(act: MemberAct): void
}

export function MemberMenu({ member, me, choices, onAct }: MemberMenuProps) {
  const { message, roles, mute, unmute, remove } = choices
  if (!message && roles.length === 0 && !unmute) return null
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger asChild>
        <IconButton label={`More actions for ${member.user.displayName}`} className="data-[state=open]:bg-hover">
          <Ellipsis />
        </IconButton>
      </Menu.Trigger>
      <MenuContent>
        {message && (
          <MenuItem icon={<MessageSquare aria-hidden="true" />} onSelect={() => onAct({ act: 'message' })}>
            Message
          </MenuItem>
        )}
        {roles.map((role) => {
          const Icon = roleIcons[role]
          return (
            <MenuItem key={role} icon={<Icon aria-hidden="true" />} onSelect={() => onAct({ act: 'role', role })}>
              {isStepDown(role, member, me) ? `Step down to ${role}` : `Make ${role}`}
            </MenuItem>
          )
        })}
        {mute && (
          <>
            <MenuLine />
            <MenuLabel>Mute for</MenuLabel>
            <div className="grid grid-cols-2">
              {muteTimes.map(({ minutes, words }) => (
                <MenuItem key={minutes} onSelect={() => onAct({ act: 'mute', minutes })}>
                  {words}
                </MenuItem>
              ))}
            </div>
          </>
        )}
        {unmute && (
          <MenuItem icon={<Volume2 aria-hidden="true" />} onSelect={() => onAct({ act: 'mute', minutes: null })}>
            Unmute
          </MenuItem>
        )}
        {remove && (
          <>
            <MenuLine />
            <MenuItem danger icon={<UserMinus aria-hidden="true" />} onSelect={() => onAct({ act: 'remove' })}>
              Remove from the room
            </MenuItem>
            <MenuItem danger icon={<Ban aria-hidden="true" />} onSelect={() => onAct({ act: 'ban' })}>
              Ban from the room
            </MenuItem>
          </>
        )}
      </MenuContent>
    </Menu.Root>
  )
}
