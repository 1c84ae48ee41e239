import type { RegistrationMode, ServerSettings } from '../../contract/admin'
import { Failure } from '../../contract/failures'
import type { Querying } from '../platform/database'
import { actAsAdmin, requireAdmin } from './acting'
import { writeAudit } from './audit-log'
import { type Logo, parseLogo } from './logo'
import type { AdminContext, AdminNeeds } from './needs'

const defaultName = 'Roomline'

interface SettingsRow {
  name: string | null
  registration: RegistrationMode | null
  logo_hash: string | null
}

/** What everybody may know, signed in or not. */
export async function readSettings(
  querying: Querying,
  { registration, defaultRegistration }: AdminNeeds['server'],
): Promise<ServerSettings> {
  const { rows } = await querying.query<SettingsRow>('SELECT name, registration, logo_hash FROM server_settings WHERE is_only')
  const [row] = rows
  return {
    name: row?.name ?? defaultName,
    logo: row?.logo_hash ? `/api/logo/${row.logo_hash}` : null,
    registration: registration ?? row?.registration ?? defaultRegistration,
    registrationIsFixed: registration !== undefined,
  }
}

export async function showSettings({ parts, actorId }: AdminContext): Promise<ServerSettings> {
  const settings = await readSettings(parts.pool, parts.server)
  await requireAdmin(parts.pool, actorId)
  return settings
}

/** @throws {Failure} BAD_REQUEST for what is not an image, and for `registration` while the variable REGISTRATION decides it */
export function updateSettings(
  ctx: AdminContext,
  {
    name,
    logo,
    registration,
  }: { name?: string | undefined; logo?: string | null | undefined; registration?: RegistrationMode | undefined },
): Promise<ServerSettings> {
  const image = logo ? parseLogo(logo) : null
  if (registration && ctx.parts.server.registration)
    throw new Failure('BAD_REQUEST', { fields: { registration: 'is set by the variable REGISTRATION' } })
  return actAsAdmin(ctx, async (transaction) => {
    await transaction.query(
      `INSERT INTO server_settings (name, registration, logo, logo_type) VALUES ($1, $2, $3, $4)
       ON CONFLICT (is_only) DO UPDATE SET name = coalesce(excluded.name, server_settings.name),
         registration = coalesce(excluded.registration, server_settings.registration),
         logo = CASE WHEN $5 THEN excluded.logo ELSE server_settings.logo END,
         logo_type = CASE WHEN $5 THEN excluded.logo_type ELSE server_settings.logo_type END`,
      [name ?? null, registration ?? null, image?.bytes ?? null, image?.type ?? null, logo !== undefined],
    )
    const changed = { ...(name !== undefined && { name }), ...(registration && { registration }) }
    const detail = logo === undefined ? changed : { ...changed, logo: image ? 'changed' : 'removed' }
    await writeAudit(transaction, { kind: 'admin.settingsUpdated', actorId: ctx.actorId, ip: ctx.ip, detail })
    return readSettings(transaction, ctx.parts.server)
  })
}

/** The logo by the hash in its path. */
export async function findLogo(querying: Querying, hash: string): Promise<Logo | null> {
  const { rows } = await querying.query<Logo>(
    'SELECT logo AS bytes, logo_type AS type FROM server_settings WHERE is_only AND logo_hash = $1',
    [hash],
  )
  return rows[0] ?? null
}
