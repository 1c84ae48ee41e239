/**
 * What is in the messages with known frequencies, besides the words of the vocabulary. Each message takes at most one of
 * these, by a number between 0 and 99,999 that is made from its own.
 */
export const knownTexts = [
  { per100_000: 1_200, text: 'the options are all on one page' },
  { per100_000: 100, text: 'please deploy the new build today' },
  { per100_000: 2, text: 'that quillfeather again' },
  { per100_000: 1_000, text: '这个项目今天上线，大家辛苦了' },
  { per100_000: 1_000, text: '我家在上海东边' },
  { per100_000: 500, text: 'it is in /usr/local/bin/foo now' },
  { per100_000: 200, text: 'Deployment finished, Änderungen sind überall' },
] as const

/** Out of 100,000 messages, how many have a URL with numbers of its own. */
export const urlsPer100_000 = 1_000

/** The most frequent words, the most frequent first. The rest of the vocabulary is made of syllables. */
export const commonWords =
  'the to of and a in is it you that for on we this be have with are not but as at can so if do or was will just now what there from all think when new then one get out up some like here see would about need could'.split(
    ' ',
  )
