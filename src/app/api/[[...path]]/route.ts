import { noSuchRoute } from '../refusals'

export const dynamic = 'force-dynamic'

export { noSuchRoute as DELETE, noSuchRoute as GET, noSuchRoute as PATCH, noSuchRoute as POST, noSuchRoute as PUT }
