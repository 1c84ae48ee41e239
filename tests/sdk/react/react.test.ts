import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Browser, BrowserServer, Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { FirstPage } from '../../../src/sdk'
import { createTestServer } from '../../../src/sdk/testing'
import { findBrowser, launchBrowser } from '../../support/browser'
import { RoomPage } from './room-page'
import type { hydrate, scenes } from './scenes'

type SceneName = keyof typeof scenes
type Answer<Name extends SceneName> = Awaited<ReturnType<(typeof scenes)[Name]>>

let server: BrowserServer
let browser: Browser
let page: Page
/** What the browser's console says: React's warnings, among others. */
let warnings: string[] = []
let script: string
beforeAll(async () => {
  const [built, launched] = await Promise.all([
    build({
      entryPoints: [fileURLToPath(new URL('scenes.tsx', import.meta.url))],
      bundle: true,
      write: false,
      format: 'iife',
      jsx: 'automatic',
      target: 'es2022',
      define: { 'process.env.NODE_ENV': '"development"' },
    }),
    findBrowser().then(launchBrowser),
  ])
  script = built.outputFiles[0]?.text ?? ''
  server = launched
  browser = await chromium.connect(server.wsEndpoint())
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
})
beforeEach(async () => {
  await page?.close()
  page = await browser.newPage()
  warnings = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') warnings.push(message.text())
  })
  page.on('pageerror', (error) => warnings.push(String(error)))
  // With an address of its own, as apps have. What browsers keep for such pages is missing in an empty one.
  await page.route('http://localhost/', (route) => route.fulfill({ contentType: 'text/html', body: '<title>React</title>' }))
  await page.goto('http://localhost/')
  await page.addScriptTag({ content: script })
})

const play = <Name extends SceneName>(name: Name): Promise<Answer<Name>> =>
  page.evaluate((scene) => (window as unknown as { scenes: Record<string, () => Promise<unknown>> }).scenes[scene]?.(), name) as Promise<
    Answer<Name>
  >

describe('hooks of @roomline/sdk/react', () => {
  it('render once for each visible change, in strict mode too, and never for another', async () => {
    expect(await play('one render for each visible change')).toEqual({
      after100: { messages: 100, presence: 0, room: 0 },
      afterInvisible: 100,
      lines: 100,
    })
    expect(warnings).toEqual([])
  })

  it('useMessages: shows an own message as pending, failed and sent', async () => {
    expect(await play('own messages: pending, then sent')).toEqual(['', 'Hello (pending)', 'Hello (failed)', 'Hello (pending)', 'Hello'])
  })

  it('open one subscription for each thing, in strict mode too', async () => {
    const paths = ['chat.onMessage', 'presence.onChange', 'rooms.onChange']
    expect(await play('strict mode opens everything once')).toEqual({ subscribed: paths, following: paths })
    expect(warnings).toEqual([])
  })

  it('close what nobody uses some seconds later, and show what comes back before that at once', async () => {
    expect(await play('closes what nobody uses, and keeps what comes back')).toEqual({
      whileAway: ['chat.onMessage'],
      atOnce: ['Hello', 'Are you there?'],
      subscribed: 1,
    })
  })

  it('useMessages: says why a room has ended, and opens it again', async () => {
    expect(await play('a room that somebody was removed from says so, and opens again')).toEqual([
      'live ',
      'ended MEMBERSHIP_ENDED',
      'ended MEMBERSHIP_ENDED',
    ])
  })

  it('useUnread, useRooms, useTyping, useComposer: count, list, name who types, and send', async () => {
    expect(await play('unread counts, the room list and what is typed')).toEqual({
      seen: {
        rooms: 'general 2, team 1',
        unread: '2 here, 3 in all, 1 mentions, badge 3',
        typing: '1: Ben Bitdiddle',
        composer: ', true, undefined',
      },
      afterReading: '0 here, 1 in all, 0 mentions, badge 1',
      written: 'Hi, false, One',
      kept: 'Hi, false, One',
      emptied: ', true, undefined',
      sent: 'Hi in answer to One',
    })
    expect(warnings).toEqual([])
  })

  it('useMembers: reads page by page, and again when somebody comes', async () => {
    expect(await play('members come and go, page by page')).toEqual({
      first: 'live, 100 of 131, true',
      all: 'live, 131 of 131, false',
      joined: 'live, 132 of 132, false',
    })
  })

  it('useSearch: shows only the answer to what was asked last', async () => {
    const shown = await play('a search shows only the answer to what was asked last')
    expect(shown).toEqual(['idle ', 'searching ', 'found apples and pears, pears', 'idle '])
  })

  it('useThread: shows answers as they are sent', async () => {
    expect(await play('a thread shows its answers')).toEqual({ text: 'Why? Because.', sent: true })
  })

  it('ChatProvider: with options it makes one chat, and closes it', async () => {
    expect(await play('a provider with options makes one chat, takes a new token, and closes it')).toEqual({
      isSame: true,
      tokens: ['first'],
    })
    expect(warnings).toEqual([])
  })
})

describe('hooks of @roomline/sdk/react/suspense', () => {
  it('suspend until the room is there, throw why it has ended, and open it when somebody tries again', async () => {
    expect(await play('suspense: waits for the room, throws its end, and tries again')).toEqual({
      first: 'ROOM_NOT_FOUND',
      failures: ['ROOM_NOT_FOUND'],
      lines: ['Welcome', ''],
      welcome: 'Welcome',
    })
  })

  it('wait for a slow connection, whatever is thrown away meanwhile', async () => {
    expect(await play('suspense: a connection that takes long is waited for, with nothing above the boundary to keep it open')).toEqual({
      waiting: 'Loading',
      subscribed: 1,
    })
  })
})

describe('components of @roomline/sdk/react', () => {
  it('MessageList keeps its place, Composer sends with Enter and leaves input methods alone, TypingLine names who types', async () => {
    expect(await play('components: the list keeps its place, and the composer sends')).toEqual({
      ...{ atEnd: 0, moved: 0, movedByNew: 0, kept: 'Hello', emptied: '', own: 'true' },
      typing: 'ben is typing…',
      className: 'roomline-messages own',
    })
    expect(warnings).toEqual([])
  })
})

describe('a page that a server renders', () => {
  it('has the messages in its HTML, and changes nothing while the browser takes it over', async () => {
    await using roomline = createTestServer()
    roomline.room('general', { members: ['ada', 'ben'] })
    roomline.say('ben', 'general', 'Hello')
    roomline.say('ben', 'general', '<b>Bold</b>')
    const reader = roomline.connect('ada')
    const [history] = await Promise.all([reader.trpc.chat.history.query({ room: 'general' }), roomline.settled()])
    const first: FirstPage = { ...history, lastSeq: 2, version: Math.max(...history.messages.map(({ version }) => version)) }
    const html = renderToString(createElement(RoomPage, { chat: roomline.optionsFor('ada'), first }))
    expect(html).toContain('<li>ben: Hello</li><li>ben: &lt;b&gt;Bold&lt;/b&gt;</li>')
    const taken = await page.evaluate(([text, given]) => (window as unknown as { hydrate: typeof hydrate }).hydrate(text, given), [
      html,
      first,
    ] as const)
    expect(taken).toEqual({
      onConnecting: ['attributes data-status'],
      warnings: [],
      lines: ['ben: Hello', 'ben: <b>Bold</b>', 'ada: Hello'],
    })
    expect(warnings).toEqual([])
  })
})

it('2,000 rooms opened and closed: the heap does not grow, and few are open at any time', async () => {
  const session = await page.context().newCDPSession(page)
  await page.exposeFunction('measureHeap', async () => {
    await session.send('HeapProfiler.collectGarbage')
    await session.send('HeapProfiler.collectGarbage')
    return (await session.send('Runtime.getHeapUsage')).usedSize
  })
  const { grownBytes, most } = await page.evaluate(() => {
    const here = window as unknown as { scenes: typeof scenes; measureHeap(): Promise<number> }
    return here.scenes['opening and closing 2,000 rooms'](here.measureHeap)
  })
  expect(grownBytes).toBeLessThan(1_000_000)
  expect(most).toBeLessThan(40)
}, 400_000)
