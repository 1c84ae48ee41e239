import { methodNotAllowed } from '../refusals'

export const dynamic = 'force-dynamic'

export const GET = () => Response.json({ status: 'ok' }, { headers: { 'cache-control': 'no-store' } })

const refuse = () => methodNotAllowed('GET')

export { refuse as DELETE, refuse as PATCH, refuse as POST, refuse as PUT }
