const codes = { red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 }
const hasColor = process.stdout.isTTY && process.env.NO_COLOR === undefined

export const paint = (text, color) => (hasColor ? `\x1b[${codes[color]}m${text}\x1b[0m` : text)
export const dim = (text) => (hasColor ? `\x1b[2m${text}\x1b[0m` : text)

/** Each person has a color, the same in every room. */
function colorOf(username) {
  const names = Object.keys(codes).slice(1)
  return names[[...username].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % names.length]
}

const linesAbout = {
  joined: () => 'joined',
  left: () => 'left',
  added: (user) => `added ${user}`,
  removed: (user) => `removed ${user}`,
  banned: (user) => `banned ${user}`,
  renamed: () => 'renamed the room',
  topic: () => 'changed the topic',
  archived: () => 'archived the room',
  restored: () => 'restored the room',
}

/** A message as one line, or more when it has more. Nothing in it can move the cursor or change the colors. */
export function describe({ time, author, kind, detail, text, replyTo, deletedAt }) {
  const clock = dim(new Date(time).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }))
  const name = paint(author.displayName, colorOf(author.username))
  if (deletedAt) return `${clock} ${name} ${dim('removed this message')}`
  if (kind !== 'text') return `${clock} ${name} ${dim(linesAbout[kind]?.(detail?.user?.displayName ?? '') ?? kind)}`
  const answered = replyTo ? `${dim(`↳ ${replyTo.author.displayName}: ${clean(replyTo.text).split('\n', 1)[0]}`)}\n      ` : ''
  return `${clock} ${answered}${name} ${clean(text).replaceAll('\n', '\n      ')}`
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a message must not control the terminal
const clean = (text) => text.replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/g, ' ')
