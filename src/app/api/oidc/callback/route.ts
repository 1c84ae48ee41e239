import { requireWebSession } from '../../../../server/auth/web-session'
import { methodNotAllowed } from '../../refusals'

export const dynamic = 'force-dynamic'

export const GET = (request: Request) => requireWebSession().oidc.callback(request)

const refuse = () => methodNotAllowed('GET')

export { refuse as DELETE, refuse as PATCH, refuse as POST, refuse as PUT }
