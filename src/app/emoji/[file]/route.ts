import emojiData from 'emojibase-data/en/data.json'
import messages from 'emojibase-data/en/messages.json'
import githubNames from 'emojibase-data/en/shortcodes/github.json'
import slackNames from 'emojibase-data/en/shortcodes/iamcal.json'
import { type EmojiFile, emojiFileName } from '../../../web/room/emoji/emoji-file'

export const dynamic = 'force-static'

export const generateStaticParams = () => [{ file: emojiFileName }]

/** The newest emoji that the server takes for one: Node 20 knows Unicode 15. Devices of these years can show them too. */
const newestVersion = 15

export async function GET(_: Request, { params }: { params: Promise<{ file: string }> }) {
  if ((await params).file !== emojiFileName) return new Response(null, { status: 404 })
  return Response.json(readEmoji(), { headers: { 'cache-control': 'public, max-age=31536000, immutable' } })
}

function readEmoji(): EmojiFile {
  const groups = messages.groups.filter(({ key }) => key !== 'component')
  const emoji = emojiData
    .filter(({ group, version }) => groups.some(({ order }) => order === group) && version <= newestVersion)
    .sort((a, b) => (a.order ?? 0) - (b.order ?? 0))
    .map(({ emoji, label, group, hexcode, tags = [], skins = [] }): EmojiFile['emoji'][number] => {
      const light = skins.find(({ tone }) => tone === 1)?.emoji
      const category = groups.findIndex(({ order }) => order === group)
      const row = [emoji, label, category, tags.join(' '), shortcodesOf(hexcode).join(' ')] as const
      return light ? [...row, light] : [...row]
    })
  return { categories: groups.map(({ message }) => message), emoji }
}

function shortcodesOf(hexcode: string): string[] {
  const names = [slackNames, githubNames].flatMap((all) => (all as Record<string, string | string[]>)[hexcode] ?? [])
  return [...new Set(names)]
}
