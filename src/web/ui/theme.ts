export type Theme = 'system' | 'light' | 'dark'

export const themeCookie = 'theme'

/** The theme that a cookie or anything else names; the system's otherwise. */
export function parseTheme(value: string | undefined): Theme {
  return value === 'light' || value === 'dark' ? value : 'system'
}
