export interface DeviceWords {
  words: string
  kind: 'computer' | 'phone' | 'program' | 'unknown'
}

/** The first that fits: Edge and Opera also call themselves Chrome, and everybody calls themselves Safari. */
const browsers: [RegExp, string][] = [
  [/\bEdg(e|A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chrome|CriOS|Chromium|HeadlessChrome)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
]

const systems: [RegExp, string, 'computer' | 'phone'][] = [
  [/\biPhone\b/, 'iPhone', 'phone'],
  [/\biPad\b/, 'iPad', 'phone'],
  [/\bAndroid\b/, 'Android', 'phone'],
  [/\bCrOS\b/, 'ChromeOS', 'computer'],
  [/\bWindows\b/, 'Windows', 'computer'],
  [/\bMac OS X\b|\bMacintosh\b/, 'a Mac', 'computer'],
  [/\bLinux\b/, 'Linux', 'computer'],
]

/** What a session's device is, in words, from how it named itself. A guess: anything may name itself anyhow. */
export function describeDevice(userAgent: string | null): DeviceWords {
  if (!userAgent) return { words: 'Unknown device', kind: 'unknown' }
  const browser = browsers.find(([sign]) => sign.test(userAgent))?.[1]
  const [, system, kind] = systems.find(([sign]) => sign.test(userAgent)) ?? []
  if (browser && system) return { words: `${browser} on ${system}`, kind: kind ?? 'computer' }
  if (browser || system) return { words: browser ?? `A browser on ${system}`, kind: kind ?? 'computer' }
  return { words: /^[^\s/(]{1,40}/.exec(userAgent)?.[0] ?? 'A program', kind: 'program' }
}
