import { cookies } from 'next/headers'
import { parseTheme, themeCookie } from '../web/ui/theme'

export const readTheme = async () => parseTheme((await cookies()).get(themeCookie)?.value)
