/** The tab's title: `(3) general · Roomline`. @param server the server's name */
export function titleOf(name: string | null, count: number, server: string): string {
  const title = name ? `${name} · ${server}` : server
  return count > 0 ? `(${count}) ${title}` : title
}

/** Short enough for a badge. */
export const shortCount = (count: number) => (count > 99 ? '99+' : String(count))

/** For screen readers: "3 unread messages, 1 mention". */
export function attentionWords({ unread, mentions }: { unread: number; mentions: number }): string {
  return [
    unread > 0 && `${unread} unread ${unread === 1 ? 'message' : 'messages'}`,
    mentions > 0 && `${mentions} ${mentions === 1 ? 'mention' : 'mentions'}`,
  ]
    .filter(Boolean)
    .join(', ')
}
