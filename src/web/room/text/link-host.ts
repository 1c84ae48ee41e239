import type { Inline } from '../../../contract/markdown/tree'
import { shownText } from './shown-text'

const addressInWords = /(?:https?:\/\/)?(?:[^\s/@]*@)?((?:[\p{L}\p{N}-]+[.．。])+\p{L}{2,})/iu
/** Letters of these scripts look like those of another. */
const lookAlikes = [/\p{sc=Latin}/u, /\p{sc=Cyrillic}/u, /\p{sc=Greek}/u, /\p{sc=Armenian}/u, /\p{sc=Cherokee}/u]

/**
 * The host that a link leads to, as browsers read it, where what is shown could be taken for another one: words that name
 * another address, a name before an @, or letters of several scripts that look alike. Null for an honest link.
 */
export function leadsElsewhere({ url, children, isBare }: Extract<Inline, { type: 'link' }>): string | null {
  const { protocol, hostname, username, pathname } = new URL(url)
  if (protocol === 'mailto:') return isBare || shownText(children).includes(pathname) ? null : pathname
  if (isBare) return username !== '' || mixesScripts(url) ? hostname : null
  const words = shownText(children)
  const [, named] = addressInWords.exec(words.normalize('NFKC')) ?? []
  if (named === undefined) return mixesScripts(words) && addressInWords.test(words) ? hostname : null
  return hostOf(named) === withoutWww(hostname) && username === '' ? null : hostname
}

function mixesScripts(text: string): boolean {
  const host = /^[a-z]+:\/\/(?:[^/?#]*@)?([^/?#]*)/i.exec(text)?.[1] ?? text
  return host.split('.').some((label) => {
    const scripts = lookAlikes.filter((script) => script.test(label)).length
    // "аррӏе" is all Cyrillic, and could be taken for Latin.
    return scripts > 1 || (/^[авеԁһіјӏмнорԛѕтуԝхυνοκιγα\d-]+$/iu.test(label) && /\P{ASCII}/u.test(label))
  })
}

const hostOf = (name: string) => (URL.canParse(`https://${name}`) ? withoutWww(new URL(`https://${name}`).hostname) : name)
const withoutWww = (host: string) => host.replace(/^www\./, '')
