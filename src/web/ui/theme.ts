export type Theme = 'system' | 'light' | 'dark'

export const themeCookie = 'theme'

/** @param value the cookie's; anything unknown means the system's theme */
export function parseTheme(value: string | undefined): Theme {
  return value === 'light' || value === 'dark' ? value : 'system'
}
