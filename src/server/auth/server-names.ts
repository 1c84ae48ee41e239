import type { Config } from '../platform/config'

/** What anybody may know of this server, and therefore no password may be: its name and its host. */
export function serverNamesOf({ publicUrl }: Pick<Config, 'publicUrl'>): string[] {
  return ['Roomline', new URL(publicUrl).hostname]
}
