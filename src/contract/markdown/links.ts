import { linkifyit } from 'linkify-it'

/** A place in a text, and where it leads. */
export interface FoundLink {
  start: number
  end: number
  url: string
}

/** What addresses without "https://" may end in: the common ones that are seldom the end of a file's name or a word. */
const generic = 'com org net edu gov mil int info biz name io dev app ai co xyz online site shop store blog cloud tech page museum eu'
const countries =
  'ac ae af al ar at au az ba bd be bg bn bo br by bz ca cg ch ci ck cl cn cr cu cy cz de dj dk dm do dz ec ee eg es et fi fj fo fr ga ge gg gh gi gl gr gt gy hk hn hr ht hu ie il im iq ir is it jm jo jp ke kg kr kw kz la lb li lk lt lu lv ly ma mc mg mk mm mn mt mu mx mz na ne ng ni nl no np nz om pa pe pk pr pt pw qa re ro ru sa sc se sg si sk sn sr st su sv sy th tj tm tn to tr tv tw tz ua ug uk us uy uz va ve vn ws za zm zw me in id my рф'
/** These are words too, or the endings of files: alone, "yes.it" and "wait.so" are no addresses. */
const ambiguous = new Set(
  'ac al am as at ba be by ci do es et ga ge in io is it la li ma me mm my ne ni no om pa pe re se si so st to us va ws name store app page blog id'.split(
    ' ',
  ),
)
// "node.io" and "my.app" are more often names of things than sites, but github.io and bit.ly are addresses.
for (const ending of ['io', 'app', 'ai']) ambiguous.delete(ending)

const finder = linkifyit({ fuzzyLink: true, fuzzyEmail: true, urlAuth: true, tlds: `${generic} ${countries}`.split(' ') })
  .add('ftp:', null)
  .add('//', null)

/** Worth a closer look: most messages have none of these. */
const mayHaveLink = /:\/\/|mailto:|[\p{L}\p{N}_-](?:[.@][\p{L}\p{N}[]|@)/iu

/**
 * Ends an address: brackets and punctuation of other scripts, quotation marks, and what cannot be seen. Browsers take an
 * ideographic full stop for a dot, so without this the next sentence would become part of the host name.
 */
const enders = /[（）「」『』【】《》〈〉〔〕［］｛｝，。！？、；：．｡､·…“”‘’«»‹›„"`<>|\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
/** Letters of scripts that put no spaces between words. */
const unspaced = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}ー々〜]/gu
const blank = (text: string) => ' '.repeat(text.length)

/** The addresses in a text. `text` has spaces where its code was. */
export function findLinks(text: string): FoundLink[] {
  if (!mayHaveLink.test(text)) return []
  const ended = text.replace(enders, blank)
  const found: FoundLink[] = []
  let rest = ''
  // Words of these scripts may stand before an address without a space.
  const apart = ended.replace(/(?:\P{ASCII}|[_~=+^$])(?=https?:\/\/|mailto:|www\.)/giu, blank)
  rest = apart
  for (const { schema, index, lastIndex } of matchesIn(apart)) {
    if (schema === '' || !/^(?:https?:\/\/|mailto:)/i.test(apart.slice(index, lastIndex))) continue
    const end = endOfAddress(text, index, cutHost(text, index, lastIndex))
    const url = text.slice(index, end)
    if (!URL.canParse(url) || !hasHost(url)) continue
    found.push({ start: index, end, url })
    rest = rest.slice(0, index) + ' '.repeat(end - index) + rest.slice(end)
  }
  for (const { schema, index, lastIndex } of matchesIn(rest.replace(unspaced, blank))) {
    let end = lastIndex
    if (schema === 'mailto:') {
      const typed = text.slice(index, end)
      if (/^mailto:/i.test(typed) || !isAddress(typed.slice(typed.lastIndexOf('@') + 1), true)) continue
      found.push({ start: index, end, url: `mailto:${typed}` })
    } else if (schema === '') {
      const host = /^[^/?#:]*/.exec(text.slice(index, end))?.[0] ?? ''
      const hasPath = host.length < end - index
      // What follows a path without a space may belong to it.
      if (hasPath) while (end < rest.length && /[\p{L}\p{N}\p{M}/%_-]/u.test(rest.charAt(end))) end++
      end = endOfAddress(text, index, end)
      if (!isAddress(host, hasPath) || !URL.canParse(`https://${text.slice(index, end)}`)) continue
      found.push({ start: index, end, url: `https://${text.slice(index, end)}` })
    }
  }
  return found.sort((a, b) => a.start - b.start)
}

function matchesIn(text: string) {
  return finder.match(text) ?? []
}

const hasHost = (url: string) => /^mailto:./i.test(url) || new URL(url).hostname !== ''

/** Whether a host without "https://" before it is meant as an address. */
function isAddress(host: string, isClear: boolean): boolean {
  const labels = host.toLowerCase().split('.')
  if (labels.some((label) => label === '' || label.length > 63)) return false
  if (labels[0] === 'www' && labels.length > 2) return true
  // "e.g", "v1.2.3", "i.am"
  if (labels.length === 2 && (labels[0] ?? '').length < 2 && !isClear) return false
  return isClear || labels.length > 2 || !ambiguous.has(labels.at(-1) ?? '')
}

/** "https://example.comです": what is written on without a space is no part of a host. */
function cutHost(text: string, start: number, end: number): number {
  const [, before = '', host = ''] = /^(https?:\/\/(?:[^/?#]*@)?)([^/?#:]*)/i.exec(text.slice(start, end)) ?? []
  const [known] = /^(?:[a-z0-9-]+\.)+[a-z]{2,}(?=[^\p{ASCII}])/iu.exec(host) ?? []
  return known !== undefined && /[^\p{ASCII}][^.]*$/u.test(host.slice(known.length)) ? start + before.length + known.length : end
}

/** A "_" that begins emphasis, and none after it that ends it: the one behind an address does. */
const opensEmphasis = /(?<![^\s([{"'*~|_])_(?=$|[^\s_])(?:[^_]|(?<=\w)_(?=\w))*$/
/** Marks of formatting, and punctuation in front of them, are not part of an address. */
function endOfAddress(text: string, start: number, end: number): number {
  const typed = text.slice(start, end)
  const marks = opensEmphasis.test(text.slice(0, start)) ? /(?:[*_.,;:!?'\\]|~{2,})+$/ : /(?:[*.,;:!?'\\]|~{2,})+$/
  return end - (marks.exec(typed)?.[0].length ?? 0)
}
