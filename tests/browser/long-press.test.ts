import type { CDPSession, Page } from 'playwright-core'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { shareRoomline } from '../support/shared-roomline'
import { until } from '../support/stock-client'

const { open, register, webUrl } = shareRoomline()
let token: string
let room: string
let page: Page
let devtools: CDPSession

beforeAll(async () => {
  const { cookie, trpc } = await register('lia')
  token = cookie.slice(cookie.indexOf('=') + 1)
  room = (await trpc.rooms.create.mutate({ name: 'Fingers', kind: 'private' })).id
  for (let index = 1; index <= 14; index++) await trpc.chat.send.mutate({ room, text: `line ${index}.` })
})

beforeEach(async () => {
  const opened = await open({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
  const { context } = opened
  page = opened.page
  await context.addCookies([{ name: 'X-Token', value: token, url: webUrl, httpOnly: true, sameSite: 'Lax' }])
  devtools = await context.newCDPSession(page)
  await devtools.send('Animation.enable')
  await page.goto(`/rooms/${room}`)
  await messageWith('line 14.').waitFor()
  await page.evaluate(() => {
    const { dataset } = document.documentElement
    dataset.clicked = ''
    addEventListener('click', ({ target }) => (dataset.clicked += `${(target as Element).textContent};`), true)
  })
  return () => context.close()
})

const messageWith = (text: string) => page.getByRole('log').getByRole('listitem').filter({ hasText: text })
const sheet = () => page.getByRole('dialog', { name: 'Message from lia' })
const setAnimationSpeed = (playbackRate: number) => devtools.send('Animation.setPlaybackRate', { playbackRate })
const isRising = () => sheet().evaluate((element) => element.getAnimations().some(({ playState }) => playState === 'running'))

interface Finger {
  x: number
  y: number
}

async function putFingerOn(text: string): Promise<Finger> {
  const box = await messageWith(text).boundingBox()
  const finger = { x: (box?.x ?? 0) + 150, y: (box?.y ?? 0) + 12 }
  await devtools.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [finger] })
  return finger
}

const liftFinger = () => devtools.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })

const isOverButton = ({ x, y }: Finger) =>
  page.evaluate(([x, y]) => document.elementFromPoint(x, y)?.closest('[role=dialog] button') != null, [x, y] as const)

/** Replies over the sheet. The tap comes after every event that lifting the finger caused. */
async function reply() {
  await sheet().getByRole('button', { name: 'Reply', exact: true }).tap()
  await page.getByText('Replying to lia').waitFor()
  expect(await page.evaluate(() => document.documentElement.dataset.clicked)).toBe('Reply;')
}

describe.each([
  { text: 'line 14.', place: 'where the sheet has a button', hasButton: true },
  { text: 'line 3.', place: 'above the sheet', hasButton: false },
])('long press $place', ({ text, hasButton }) => {
  it('the sheet stays open when the finger is lifted before it appears', async () => {
    let letCome = () => {}
    const mayCome = new Promise<void>((resolve) => {
      letCome = resolve
    })
    await page.route('**/_next/static/**', async (route) => {
      await mayCome
      await route.continue()
    })
    const isWanted = page.waitForRequest('**/_next/static/**')
    await putFingerOn(text)
    await isWanted
    await liftFinger()
    letCome()
    await reply()
  })

  it('the sheet stays open when the finger is lifted while it slides in', async () => {
    await setAnimationSpeed(0.001)
    const finger = await putFingerOn(text)
    await sheet().waitFor()
    expect(await isRising()).toBe(true)
    expect(await isOverButton(finger)).toBe(hasButton)
    await liftFinger()
    await setAnimationSpeed(1)
    await reply()
  })

  it('the sheet stays open when the finger is lifted long after, on a slow phone', async () => {
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: 6 })
    const finger = await putFingerOn(text)
    await sheet().waitFor()
    await until(async () => !(await isRising()))
    expect(await isOverButton(finger)).toBe(hasButton)
    await liftFinger()
    await reply()
  })
})
