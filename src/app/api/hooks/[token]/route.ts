import { requireWebSession } from '../../../../server/auth/web-session'
import { methodNotAllowed } from '../../refusals'

export const dynamic = 'force-dynamic'

export const POST = (request: Request) => requireWebSession().postByHook(request)

const refuse = () => methodNotAllowed('POST')

export { refuse as DELETE, refuse as GET, refuse as PATCH, refuse as PUT }
