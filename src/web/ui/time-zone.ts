/** Says where the days of a person begin, to the server that renders their first page. */
export const timeZoneCookie = 'time-zone'

/** @param value the cookie's; UTC for anything that is no time zone */
export function parseTimeZone(value: string | undefined): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value ?? 'UTC' }).resolvedOptions().timeZone
  } catch {
    return 'UTC'
  }
}

/** Keeps the browser's time zone in the cookie. */
export function rememberTimeZone() {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is too new to lean on
  document.cookie = `${timeZoneCookie}=${encodeURIComponent(timeZone)}; Path=/; Max-Age=31536000; SameSite=Lax`
}
