import unhomoglyph from 'unhomoglyph'
import { deletedUsernamePrefix } from '../../contract/rules'

const unseen = /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}]/gu
/** The confusables of Unicode keep the small i apart from these, because they do not mix small letters with capitals. */
const thinLetters = /[i|]/g
/** Postgres can index longer ones, but no name that people use is as long. */
const maxKey = 200

/** As UTS #39 does it: decomposed, without what cannot be seen, and one character for all that look like it. */
const skeletonOf = (name: string) => unhomoglyph(name.replace(unseen, '').normalize('NFD')).normalize('NFD')

const finish = (skeleton: string) => skeleton.toLowerCase().replace(thinLetters, 'l').replace(/\s+/g, ' ').trim().slice(0, maxKey)

/**
 * What a name looks like. Two names look alike when they have a key in common: they differ in case, width, invisible
 * characters, or in letters that look the same. Accents make a difference.
 * @returns one or two, sorted: letters that look the same in capitals need not in small letters
 * @example lookAlikeKeys('adm1n') // the same as of 'admin' and 'ΑDMІN'
 */
export function lookAlikeKeys(name: string): string[] {
  const letters = name.normalize('NFKC')
  return [...new Set([finish(skeletonOf(letters)), finish(skeletonOf(letters.toLowerCase()))])].sort()
}

/** The same for room names. Those that only differ in punctuation look alike too, as their ids do. */
export const roomNameKeys = (name: string): string[] =>
  lookAlikeKeys(
    name
      .normalize('NFKC')
      .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
      .trim() || name,
  )

/** What Roomline itself calls people and crowds. */
const ownWords = ['room', 'everyone', 'here', 'channel', 'admin', 'administrator', 'system', 'deleted', 'deleted user', 'roomline']
const withoutPunctuation = (name: string) => name.replace(/[^\p{L}\p{M}\p{N}]+/gu, '')
const reservedKeys = new Set(ownWords.flatMap((word) => lookAlikeKeys(withoutPunctuation(word))))
const deletedKeys = lookAlikeKeys(deletedUsernamePrefix)

/** Whether a name looks like one that would speak for the server, or for somebody whose account was deleted. */
export const looksReserved = (name: string): boolean =>
  lookAlikeKeys(withoutPunctuation(name)).some((key) => reservedKeys.has(key)) ||
  lookAlikeKeys(name).some((key) => deletedKeys.some((prefix) => key.startsWith(prefix)))
