/**
 * Whether this password, in lower case, is one of those that guessers try first: the well-known ones of eight characters
 * and more, one character or short pattern over and over, a run along the keyboard, the alphabet or the digits, or a
 * well-known word with the usual ending.
 */
export function isCommonPassword(folded: string): boolean {
  if (/^(.{1,4})\1+$/.test(folded)) return true
  if (runs.some((run) => run.includes(folded))) return true
  const bare = folded.replace(/[\d!@#$%&*?._-]+$/, '').replace(/^[\d!@#$%&*?._-]+/, '')
  return words.has(undisguised(bare)) || words.has(undisguised(folded)) || pairs.has(folded)
}

const undisguised = (word: string) =>
  word.replaceAll('0', 'o').replaceAll('1', 'i').replaceAll('3', 'e').replaceAll('@', 'a').replaceAll('$', 's')

const forwards = [
  '01234567890123456789',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiopasdfghjklzxcvbnm',
  'qwertzuiopasdfghjklyxcvbnm',
  'azertyuiopqsdfghjklmwxcvbn',
]
const runs = [...forwards, ...forwards.map((run) => [...run].reverse().join(''))]

const words = new Set(
  `password passwort passw passwd motdepasse contrasena senha parola letmein letmeinnow welcome welcomeback iloveyou iloveu
  iloveme qwerty qwertyuiop qwertz azerty asdfgh asdfghjkl zxcvbnm monkey dragon master superman batman spiderman pokemon
  starwars football baseball basketball soccer hockey liverpool chelsea arsenal barcelona realmadrid princess sunshine
  shadow michael michelle jennifer jessica jordan charlie daniel ashley nicole matthew andrew joshua thomas robert william
  anthony samantha alexander benjamin computer internet samsung iphone google facebook instagram linkedin twitter youtube
  microsoft windows mustang corvette ferrari mercedes porsche harley yamaha freedom whatever trustno trustme hello hellokitty
  helloworld administrator administrateur admin root toor user guest test tester testing changeme changeit default secret
  secretpassword topsecret temporary temp abc abcd abcdef blink cheese chocolate cookie butterfly flower summer winter spring
  autumn monday friday january december killer hunter ranger tigger ginger pepper maggie buster bailey matrix thunder
  phoenix diamond silver golden forever loveme lovely loveyou beautiful blessed jesus jesuschrist naruto minecraft fortnite
  roblox playstation nintendo xbox starcraft warcraft counterstrike letmeinplease opensesame access accessdenied login logmein
  mypassword yourpassword nopassword thepassword newpassword pass word qazwsx qazwsxedc wsxedc roomline chatroom`.split(/\s+/),
)

const pairs = new Set(
  `1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc q1w2e3r4 q1w2e3r4t5 zaq12wsx zaq1xsw2 abcd1234 abc12345 abc123456
  a1b2c3d4 a1s2d3f4 aa123456 qwe12345 qwer1234 asdf1234 zxcv1234 qweasdzxc 123qweasd 123456qwerty 12qwaszx 147258369 159357456
  741852963 987654321 1234567890 12344321 11223344 1122334455 112233445566 123123123 123321123 12341234 87654321 31415926
  correcthorsebatterystaple p@ssw0rd pa55word pa55w0rd passw0rd`.split(/\s+/),
)
