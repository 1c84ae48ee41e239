/** Deeper than any input of ours, even in a message of many calls. */
const maxDepth = 32
/** More than a message with the allowed number of calls can have. */
const maxParts = 50_000
/** What is shorter is parsed quickly, whatever it is. */
const harmlessBytes = 512

const quote = 0x22
const comma = 0x2c
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/**
 * Whether a JSON text is nested deeper, or has more values, than any message of an honest client. Parsing such a text takes
 * up to a second for each megabyte; looking at its brackets takes a millisecond or two.
 */
export function isMonstrousJson(text: Buffer): boolean {
  if (text.length <= harmlessBytes) return false
  let depth = 0
  let parts = 0
  for (let at = 0; at < text.length; at++) {
    const byte = text[at]
    if (byte === quote) {
      at = endOfString(text, at)
      if (at < 0) return false
    } else if (byte === comma) parts++
    else if (byte === openBracket || byte === openBrace) {
      parts++
      if (++depth > maxDepth) return true
    } else if (byte === closeBracket || byte === closeBrace) depth--
    if (parts > maxParts) return true
  }
  return false
}

/** Where the string that begins here ends; -1 when it does not. */
function endOfString(text: Buffer, start: number): number {
  for (let end = text.indexOf(quote, start + 1); end >= 0; end = text.indexOf(quote, end + 1)) {
    let escapes = end
    while (text[escapes - 1] === backslash) escapes--
    if ((end - escapes) % 2 === 0) return end
  }
  return -1
}
