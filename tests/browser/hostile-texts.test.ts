import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { shareRoomline } from '../support/shared-roomline'
import { messages } from './room-page'

const { signUp, consoleErrors, webUrl } = shareRoomline()

const script = 'window.wasHacked=1'
const evil = 'https://evil.invalid'
const scripts = [
  `<script>${script}</script>`,
  `<img src=x onerror="${script}">`,
  `<img src="${evil}/a.png">`,
  `<svg onload="${script}"><script>${script}</script></svg>`,
  `<iframe srcdoc="<script>parent.wasHacked=1</script>"></iframe>`,
  `<iframe src="${evil}"></iframe>`,
  `<a href="javascript:${script}">a</a>`,
  `<body onload=${script}>`,
  `<style>@import url(${evil}/a.css);*{display:none}</style>`,
  `<link rel=stylesheet href=${evil}/a.css>`,
  `<meta http-equiv=refresh content="0;url=${evil}">`,
  `<math><mi xlink:href="javascript:${script}">a`,
  `<details open ontoggle=${script}>`,
  `<video src=${evil}/v onerror=${script}><source src=${evil}/s>`,
  `<form action=${evil}><button autofocus onfocus=${script}>`,
  `</p></div></li></ol></script><script>${script}</script>`,
  `<!--><script>${script}</script>-->`,
  `<![CDATA[<script>${script}</script>]]>`,
  `<template><script>${script}</script></template>`,
  `&lt;script&gt;${script}&lt;/script&gt; &#60;img src=x onerror=${script}&#62;`,
]
const addresses = [
  `javascript:${script}`,
  `JaVaScRiPt:${script}`,
  `java\tscript:${script}`,
  `javascript://example.com/%0a${script}`,
  ` javascript:${script}`,
  `&#106;avascript:${script}`,
  `\u0001javascript:${script}`,
  `data:text/html,<script>${script}</script>`,
  `vbscript:${script}`,
  'file:///etc/passwd',
  `blob:${evil}/a`,
  `${evil}/"onmouseover="${script}`,
  `${evil}/' onclick='${script}`,
  `${evil}\\@example.com`,
  `https://example.com@evil.invalid`,
  `//evil.invalid`,
  `https:evil.invalid`,
  `mailto:a@b.invalid?body=<script>`,
  `https://аpple.invalid`,
  `https://[::1`,
]
const fill = (unit: string, length = 4_000) => unit.repeat(Math.max(1, Math.floor(length / unit.length))).trimEnd()
const floods = [
  ...[
    '*',
    '_',
    '`',
    '~~',
    '||',
    '[',
    '](',
    '> ',
    '- ',
    '\\',
    '<',
    '&',
    '*a*',
    '**a** ',
    '`a`',
    '[a](https://e.invalid/)',
    '||a||',
    '@a',
    '#a-',
    'a.',
  ],
  ...['> > > a\n', '  - a\n', '1. *a*\n', '```\n', 'W', '\u202Ea', 'a\u0301\u0301\u0301', '👩‍👩‍👧‍👦', 'ﷺ', '𒐫'],
]
/** 200 texts and a few more. */
const texts = [
  ...scripts,
  ...scripts.map((text) => `**${text}** _${text}_`),
  ...scripts.map((text) => `\`\`\`html\n${text}\n\`\`\``),
  ...scripts.map((text) => `> - ||${text}||`),
  ...addresses,
  ...addresses.map((address) => `[press](${address})`),
  ...addresses.map((address) => `![picture](${address}) <${address}>`),
  ...addresses.map((address) => `[a]: ${address}\n[a] [a][a]`),
  ...floods.map((unit) => fill(unit)),
  ...['js', 'python', 'no-such-language', '__proto__', 'constructor'].map(
    (language) => `\`\`\`${language}\n${fill('((({{{"\'`/*', 800)}\n\`\`\``,
  ),
  `a${'\n'.repeat(300)}b`,
  `${fill('> ', 40)}${fill('x', 500)}`,
  fill(`https://e.invalid/${'a'.repeat(300)} `),
  `\u202E\u2066\u2067${fill('אב ', 300)}`,
  fill('Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘', 300),
]

/** Goes through the whole log, and says what in it is wrong. */
async function walk(page: Page, count: number): Promise<{ seen: number; faults: string[] }> {
  return messages(page).evaluate(async (log, total) => {
    const seen = new Set<string>()
    const faults = new Set<string>()
    const frame = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
    const look = () => {
      const right = log.getBoundingClientRect().left + log.clientWidth
      for (const item of log.querySelectorAll('[data-seq]')) {
        const seq = item.getAttribute('data-seq') ?? ''
        seen.add(seq)
        if (item.scrollWidth > item.clientWidth + 1) faults.add(`message ${seq} is ${item.scrollWidth} px wide in ${item.clientWidth}`)
        if (item.getBoundingClientRect().right > right + 1) faults.add(`message ${seq} reaches out of the log`)
        if (item.getBoundingClientRect().height > 900) faults.add(`message ${seq} is ${item.getBoundingClientRect().height} px high`)
        for (const bad of item.querySelectorAll('script, iframe, style, link, meta, form, video, [onerror], [onload], [onclick]'))
          faults.add(`message ${seq} has ${bad.tagName}`)
        for (const link of item.querySelectorAll('a'))
          if (!/^(?:https?|mailto):/.test(link.href)) faults.add(`message ${seq} leads to ${link.href}`)
      }
      if (document.documentElement.scrollWidth > innerWidth) faults.add('the page is wider than its window')
    }
    for (let turn = 0; turn < 400 && seen.size < total; turn++) {
      look()
      log.scrollBy(0, -log.clientHeight * 0.8)
      await frame()
    }
    look()
    return { seen: seen.size, faults: [...faults] }
  }, count)
}

describe('200 hostile texts', () => {
  it('run nothing, ask for nothing, and stay in their boxes', { timeout: 120_000 }, async () => {
    expect(texts.length).toBeGreaterThanOrEqual(200)
    const { page, context, connect } = await signUp('host-ada', { displayName: 'Host Ada' })
    const foreign: string[] = []
    page.on('request', (request) => {
      const { protocol, host } = new URL(request.url())
      if (protocol.startsWith('http') && host !== new URL(webUrl).host) foreign.push(request.url())
    })
    page.on('dialog', (dialog) => foreign.push(dialog.message()))
    const trpc = connect()
    const rooms = await Promise.all(
      [0, 1, 2, 3, 4].map((nth) => trpc.rooms.create.mutate({ name: `Hostile texts ${nth}`, kind: 'private' })),
    )
    const size = Math.ceil(texts.length / rooms.length)
    await Promise.all(
      rooms.map(async ({ id }, nth) => {
        for (const text of texts.slice(nth * size, (nth + 1) * size)) {
          // Stored is what was typed.
          const message = await trpc.chat.send.mutate({ room: id, text })
          expect(message.text).toBe(text.trimEnd().replace(/^\n+/, ''))
        }
      }),
    )
    for (const [nth, { id }] of rooms.entries()) {
      const count = texts.slice(nth * size, (nth + 1) * size).length
      await page.goto(`/rooms/${id}`)
      await messages(page).locator(`[data-seq="${count}"]`).waitFor()
      const { seen, faults } = await walk(page, count)
      expect(faults).toEqual([])
      expect(seen).toBe(count)
    }
    expect(await page.evaluate(() => 'wasHacked' in window)).toBe(false)
    expect(foreign).toEqual([])
    expect(consoleErrors).toEqual([])
    await context.close()
  })
})
