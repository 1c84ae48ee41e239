import { Ban, CircleCheck, Ellipsis, KeyRound, LogOut, ScrollText, ShieldOff, Trash2, UserCog } from 'lucide-react'
import * as Menu from 'radix-ui/dropdown-menu'
import type { AdminPerson } from '../../../contract/admin'
import { goTo } from '../../navigation'
import { adminPath } from '../../paths'
import { Avatar } from '../../ui/avatar'
import { IconButton } from '../../ui/button'
import { MenuContent, MenuItem, MenuLine } from '../../ui/menu'
import { Badge, TableActions, TableCell, TableRow } from '../../ui/table'
import { formatFull, timeAgo } from '../../ui/times'
import type { PersonAct } from './person-act-dialog'

interface PersonRowProps {
  person: AdminPerson
  isMe: boolean
  onAct(act: PersonAct): void
}

export const roleNames = { admin: 'Admin', member: 'Member', guest: 'Guest', bot: 'Bot' } as const

export function PersonRow({ person, isMe, onAct }: PersonRowProps) {
  const { username, displayName, role, disabledAt, lastSeenAt, createdAt, sessions } = person
  return (
    <TableRow isFaded={disabledAt !== null}>
      <TableCell className="md:w-[38%]">
        <div className="flex min-w-0 items-center gap-2.5 max-md:pr-10">
          <Avatar username={username} displayName={displayName} className={disabledAt ? 'opacity-50 grayscale' : ''} />
          <div className="min-w-0 leading-tight">
            <p className="flex flex-wrap items-center gap-x-2">
              <bdi className="min-w-0 font-medium text-base [overflow-wrap:anywhere]">{displayName}</bdi>
              {isMe && <span className="text-faint">(you)</span>}
              {disabledAt && (
                <span title={`Since ${formatFull(disabledAt)}`}>
                  <Badge look="danger">Disabled</Badge>
                </span>
              )}
            </p>
            <p className="text-faint [overflow-wrap:anywhere]">@{username}</p>
          </div>
        </div>
      </TableCell>
      <TableCell label="Role">{role === 'admin' ? <Badge look="accent">Admin</Badge> : roleNames[role]}</TableCell>
      <TableCell label="Sign-in">
        <span className="text-pretty max-md:text-right">{signInWords(person)}</span>
      </TableCell>
      <TableCell label="Last here">
        <span className="max-md:text-right">
          {lastSeenAt ? (
            <time dateTime={lastSeenAt} title={formatFull(lastSeenAt)}>
              {timeAgo(lastSeenAt)}
            </time>
          ) : (
            'Never'
          )}
          <span className="block text-faint text-xs" title={`Account created ${formatFull(createdAt)}`}>
            {sessions === 0 ? 'Not signed in' : `${sessions} ${sessions === 1 ? 'session' : 'sessions'}`}
          </span>
        </span>
      </TableCell>
      <TableActions>
        <PersonMenu person={person} isMe={isMe} onAct={onAct} />
      </TableActions>
    </TableRow>
  )
}

function PersonMenu({ person, isMe, onAct }: PersonRowProps) {
  const { username, displayName, role, disabledAt, sessions, externalIssuer, hasSecondFactor, passkeys } = person
  const isBot = role === 'bot'
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger asChild>
        <IconButton label={`Actions for ${displayName}`} className="data-[state=open]:bg-hover">
          <Ellipsis />
        </IconButton>
      </Menu.Trigger>
      <MenuContent>
        {!isBot && (
          <MenuItem icon={<UserCog aria-hidden="true" />} onSelect={() => onAct('role')}>
            Change role…
          </MenuItem>
        )}
        {!isBot && !externalIssuer && !disabledAt && (
          <MenuItem icon={<KeyRound aria-hidden="true" />} onSelect={() => onAct('resetLink')}>
            Reset password…
          </MenuItem>
        )}
        {(hasSecondFactor || passkeys > 0) && (
          <MenuItem icon={<ShieldOff aria-hidden="true" />} onSelect={() => onAct('removeSecondFactors')}>
            Remove second factors…
          </MenuItem>
        )}
        {!isMe && sessions > 0 && (
          <MenuItem icon={<LogOut aria-hidden="true" />} onSelect={() => onAct('endSessions')}>
            Sign out everywhere…
          </MenuItem>
        )}
        <MenuItem icon={<ScrollText aria-hidden="true" />} onSelect={() => goTo(adminPath('audit', { actor: username }))}>
          See what they did
        </MenuItem>
        {!isMe && (
          <>
            <MenuLine />
            {disabledAt ? (
              <MenuItem icon={<CircleCheck aria-hidden="true" />} onSelect={() => onAct('enable')}>
                Enable account…
              </MenuItem>
            ) : (
              <MenuItem danger icon={<Ban aria-hidden="true" />} onSelect={() => onAct('disable')}>
                Disable account…
              </MenuItem>
            )}
            <MenuItem danger icon={<Trash2 aria-hidden="true" />} onSelect={() => onAct('delete')}>
              Delete account…
            </MenuItem>
          </>
        )}
      </MenuContent>
    </Menu.Root>
  )
}

/** How somebody signs in: "Password and authenticator app". */
export function signInWords(person: Pick<AdminPerson, 'role' | 'hasPassword' | 'hasSecondFactor' | 'passkeys' | 'externalIssuer'>): string {
  if (person.role === 'bot') return 'Token'
  const ways = [
    person.externalIssuer && hostOf(person.externalIssuer),
    person.hasPassword && (person.hasSecondFactor ? 'Password and authenticator app' : 'Password'),
    person.passkeys > 0 && (person.passkeys === 1 ? '1 passkey' : `${person.passkeys} passkeys`),
  ].filter(Boolean)
  return ways.length > 0 ? ways.join(', ') : 'No way to sign in'
}

const hostOf = (issuer: string) => (URL.canParse(issuer) ? new URL(issuer).host : issuer)
