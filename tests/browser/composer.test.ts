import type { BrowserContextOptions, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { password } from '../support/people'
import { shareRoomline, type Visitor } from '../support/shared-roomline'
import { until } from '../support/stock-client'
import { messages } from './room-page'

const shared = shareRoomline({ losesConnections: true })
const phone: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }

/** Creates a private room with these people in it, and opens it on everybody's page. @returns its id */
async function openRoomWith(name: string, ...[owner, ...members]: [Visitor, ...Visitor[]]): Promise<string> {
  const { id } = await owner.connect().rooms.create.mutate({ name, kind: 'private', members: members.map(({ username }) => username) })
  await Promise.all([owner, ...members].map(({ page }) => open(page, id)))
  return id
}

async function open(page: Page, room: string) {
  await page.goto(`/rooms/${room}`)
  await composer(page).waitFor()
}

const composer = (page: Page) => page.getByRole('textbox', { name: /^Message / })
const editor = (page: Page) => messages(page).getByRole('textbox', { name: 'Edit message' })
const option = (page: Page, name: string | RegExp) => page.getByRole('option', { name })
const messageWith = (page: Page, text: string) => messages(page).locator('[data-seq]').filter({ hasText: text }).last()
const hasFocus = (page: Page, field: 'composer' | 'editor') =>
  (field === 'composer' ? composer(page) : editor(page)).evaluate((element) => element === document.activeElement)

async function send(page: Page, text: string) {
  await composer(page).fill(text)
  await composer(page).press('Enter')
  await messageWith(page, text).waitFor()
}

const paste = (page: Page, data: Record<string, string>) =>
  composer(page).evaluate((field: HTMLTextAreaElement, data) => {
    field.focus()
    const clipboardData = new DataTransfer()
    for (const [type, text] of Object.entries(data)) clipboardData.setData(type, text)
    field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
  }, data)

describe('composer', () => {
  it('keys: format what is selected, can be undone, and Enter sends', async () => {
    const una = await shared.signUp('co-una')
    const { page } = una
    await openRoomWith('Co formats', una)
    const { keyboard } = page
    const text = () => composer(page).inputValue()
    await composer(page).fill('some words')
    await keyboard.press('ControlOrMeta+a')
    await keyboard.press('ControlOrMeta+b')
    expect(await text()).toBe('**some words**')
    await keyboard.press('ControlOrMeta+z')
    expect(await text()).toBe('some words')

    await composer(page).fill('- milk')
    await keyboard.press('End')
    await keyboard.press('Shift+Enter')
    await keyboard.type('bread')
    expect(await text()).toBe('- milk\n- bread')
    await keyboard.press('Enter')
    await until(async () => (await text()) === '')
    await messageWith(page, 'bread').waitFor()

    // In a block of code, Enter makes a line; Ctrl+Enter sends.
    await keyboard.press('ControlOrMeta+Shift+c')
    await keyboard.type('  one')
    await keyboard.press('Enter')
    await keyboard.type('two')
    expect(await text()).toBe('```\n  one\n  two\n```')
    await page.getByText('Enter adds a line of code').waitFor()
    await keyboard.press('Control+Enter')
    await until(async () => (await text()) === '')

    // Code that is pasted stays code; undo and a button make it text again.
    const code = 'if (a) {\n  b()\n}'
    await paste(page, { 'text/plain': code, 'vscode-editor-data': '{"mode":"typescript"}' })
    expect(await text()).toBe(`\`\`\`typescript\n${code}\n\`\`\``)
    await keyboard.press('ControlOrMeta+z')
    expect(await text()).toBe(code)
    await keyboard.press('ControlOrMeta+z')
    expect(await text()).toBe('')
    await paste(page, { 'text/plain': code })
    await page.getByRole('button', { name: 'Paste as text' }).click()
    expect(await text()).toBe(code)

    await composer(page).fill('see here')
    await composer(page).evaluate((field: HTMLTextAreaElement) => field.setSelectionRange(4, 8))
    await paste(page, { 'text/plain': 'https://example.com/' })
    expect(await text()).toBe('see [here](https://example.com/)')
    await page.context().close()
  })

  it('completion: people, rooms, emoji and commands; a whole name is sent, not chosen', async () => {
    const vic = await shared.signUp('co-vic', { displayName: 'Victoria Lang' })
    const wim = await shared.signUp('co-wim', { displayName: 'Wim Aarts' })
    const { page } = vic
    const room = await openRoomWith('Co completes', vic, wim)
    const { keyboard } = page
    const text = () => composer(page).inputValue()
    await composer(page).focus()
    await keyboard.type('hello @co-w')
    await option(page, /Wim Aarts/).waitFor()
    const active = await composer(page).getAttribute('aria-activedescendant')
    expect(await page.locator(`[id="${active}"]`).getAttribute('aria-selected')).toBe('true')
    await keyboard.type('im')
    await option(page, /Wim Aarts/).waitFor()
    await keyboard.press('Enter')
    await messageWith(wim.page, 'hello').locator('mark').waitFor()

    // Another @ begins without the names of the last one.
    const shown = page.evaluate(
      () =>
        new Promise<boolean>((resolve) => {
          const field = document.getElementById('composer')
          field?.addEventListener('input', () => requestAnimationFrame(() => resolve(document.querySelector('[role=option]') !== null)), {
            once: true,
          })
        }),
    )
    await keyboard.type('@')
    expect(await shown).toBe(false)
    await option(page, /Everyone/).waitFor()
    await keyboard.press('Escape')
    await page.getByRole('listbox').waitFor({ state: 'detached' })
    expect(await text()).toBe('@')

    await composer(page).fill('')
    await keyboard.type('well :tad')
    await option(page, /:tada:/).waitFor()
    await keyboard.press('Tab')
    expect(await text()).toBe('well 🎉 ')
    await keyboard.type(':rocket:')
    await until(async () => (await text()) === 'well 🎉 🚀')
    await composer(page).fill('')
    await keyboard.type('see #gener')
    await option(page, 'general').waitFor()
    await keyboard.press('Enter')
    expect(await text()).toBe('see #general ')

    await composer(page).fill('')
    await keyboard.type('/top')
    await option(page, /\/topic/).waitFor()
    await keyboard.press('Enter')
    await keyboard.type('Things to finish')
    await keyboard.press('Enter')
    await messages(page).getByText('changed the topic to “Things to finish”').waitFor()
    await keyboard.type('/invite @co-nobody')
    await keyboard.press('Enter')
    await page.getByText("There's no one with that username.").waitFor()
    expect(await text()).toBe('/invite @co-nobody')
    await composer(page).fill('/nothing of this')
    await page.getByText('There is no command /nothing').waitFor()
    await keyboard.press('Enter')
    await messageWith(page, '/nothing of this').waitFor()
    expect((await wim.connect().rooms.get.query({ room })).topic).toBe('Things to finish')
    await Promise.all([page.context().close(), wim.page.context().close()])
  })

  it('input methods: Enter takes a word, and nothing is sent or suggested meanwhile', async () => {
    const xia = await shared.signUp('co-xia')
    const { page } = xia
    await openRoomWith('Co composes', xia)
    const devtools = await page.context().newCDPSession(page)
    await composer(page).focus()
    await devtools.send('Input.imeSetComposition', { text: ':tada', selectionStart: 5, selectionEnd: 5 })
    await devtools.send('Input.dispatchKeyEvent', { type: 'keyDown', key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 229 })
    expect(await composer(page).inputValue()).toBe(':tada')
    expect(await page.getByRole('listbox').count()).toBe(0)
    await devtools.send('Input.insertText', { text: '東京' })
    expect(await composer(page).inputValue()).toBe('東京')
    await composer(page).press('Enter')
    await messageWith(page, '東京').waitFor()
    await page.context().close()
  })

  it('drafts: text, reply and edit are there again after a reload, in another tab and in the room list', async () => {
    const yan = await shared.signUp('co-yan')
    const zed = await shared.signUp('co-zed', { displayName: 'Zed Moor' })
    const { page } = yan
    const room = await openRoomWith('Co drafts', yan, zed)
    await send(zed.page, 'Who brings the cake?')
    await send(page, 'Not me')
    await messageWith(page, 'Who brings the cake?').hover()
    await messageWith(page, 'Who brings the cake?').getByRole('button', { name: 'Reply', exact: true }).click()
    await page.getByText('Replying to Zed Moor').waitFor()
    await composer(page).fill('half an ans')
    await page.goto('/rooms/general')
    await composer(page).waitFor()
    expect(await composer(page).inputValue()).toBe('')
    await open(page, room)
    await page.getByText('Replying to Zed Moor').waitFor()
    expect(await composer(page).inputValue()).toBe('half an ans')

    const tab = await page.context().newPage()
    await open(tab, room)
    await until(async () => (await composer(tab).inputValue()) === 'half an ans')
    await composer(tab).fill('half an answer')
    await until(async () => (await composer(page).inputValue()) === 'half an answer')
    // The answered message is removed meanwhile: the text is sent all the same.
    await zed.connect().chat.remove.mutate({ room, seq: 1 })
    await page.getByText("The message you're answering was removed.").waitFor()
    await composer(page).press('Enter')
    await messageWith(zed.page, 'half an answer').waitFor()
    await until(async () => (await composer(tab).inputValue()) === '')

    await composer(page).press('ArrowUp')
    await editor(page).waitFor()
    expect(await hasFocus(page, 'editor')).toBe(true)
    await editor(page).fill('the whole answer')
    await page.reload()
    await until(async () => (await editor(page).inputValue()) === 'the whole answer')
    await editor(page).press('Escape')
    await page.getByText('You have unsaved changes to a message.').waitFor()
    await page.getByRole('button', { name: 'Continue editing' }).click()
    await until(() => hasFocus(page, 'editor'))
    await editor(page).press('Enter')
    await messageWith(zed.page, 'the whole answer').getByText('edited').waitFor()
    await until(() => hasFocus(page, 'composer'))
    await Promise.all([page.context().close(), zed.page.context().close()])
  })

  it('drafts: outlast the session, are not shown to anybody else, and end with signing out', async () => {
    const owner = await shared.signUp('co-abe')
    await shared.register('co-bea')
    const { page } = owner
    const signIn = async (username: string) => {
      await page.getByLabel('Username').fill(username)
      await page.getByLabel('Password', { exact: true }).fill(password)
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
      await composer(page).waitFor()
    }
    await composer(page).fill('kept for later')
    const trpc = owner.connect()
    const { sessionId } = await trpc.session.me.query()
    await trpc.session.revoke.mutate({ sessionId }).catch(() => {})
    await page.waitForURL(/\/login/)
    await signIn('co-abe')
    expect(await composer(page).inputValue()).toBe('kept for later')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(/\/login/)
    await signIn('co-bea')
    expect(await composer(page).inputValue()).toBe('')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(/\/login/)
    await signIn('co-abe')
    expect(await composer(page).inputValue()).toBe('')
    await page.context().close()
  })

  it('emoji: picked from all of them, with search and skin tone, without leaving the site', async () => {
    const cas = await shared.signUp('co-cas')
    const { page } = cas
    await openRoomWith('Co emoji', cas)
    const foreign: string[] = []
    page.on('request', (request) => {
      if (!request.url().startsWith(shared.webUrl)) foreign.push(request.url())
    })
    await page.getByRole('button', { name: 'Emoji', exact: true }).click()
    await page.getByRole('grid', { name: 'All emoji' }).waitFor()
    await page.getByLabel('Skin tone').selectOption('dark')
    await page.getByLabel('Search emoji').fill('waving hand')
    await page.getByRole('gridcell', { name: 'waving hand' }).click()
    await until(async () => (await composer(page).inputValue()) === '👋🏿')
    expect(await hasFocus(page, 'composer')).toBe(true)
    await composer(page).press('Enter')
    await messageWith(page, '👋🏿').waitFor()
    await page.reload()
    await page.getByRole('button', { name: 'Emoji', exact: true }).click()
    await page.getByRole('button', { name: 'Insert 👋🏿' }).waitFor()
    expect(await page.getByLabel('Skin tone').inputValue()).toBe('dark')
    expect(foreign).toEqual([])
    await page.context().close()
  })

  it('on a phone: Enter makes a line, and holding a reaction says who reacted', async () => {
    const dov = await shared.signUp('co-dov', { ...phone, displayName: 'Dov Stern' })
    const ema = await shared.signUp('co-ema', { displayName: 'Ema Novak' })
    const { page } = dov
    const room = await openRoomWith('Co phone', dov, ema)
    await composer(page).fill('one')
    await composer(page).press('Enter')
    await page.keyboard.type('two')
    expect(await composer(page).inputValue()).toBe('one\ntwo')
    await page.getByRole('button', { name: 'Send' }).tap()
    await messageWith(ema.page, 'two').waitFor()
    await ema.connect().chat.react.mutate({ room, seq: 1, emoji: '🎉' })
    const reaction = messageWith(page, 'two').getByRole('button', { name: 'party popper, 1' })
    const box = await reaction.boundingBox()
    const devtools = await page.context().newCDPSession(page)
    await devtools.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x: (box?.x ?? 0) + 12, y: (box?.y ?? 0) + 15 }] })
    await page.getByRole('tooltip').getByText('Ema Novak reacted with party popper').waitFor()
    await devtools.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
    expect(await reaction.getAttribute('aria-pressed')).toBe('false')

    await ema.page.keyboard.type('well')
    await page.getByText('Ema Novak is typing…').waitFor()
    await page.getByRole('button', { name: 'Emoji', exact: true }).tap()
    await page.getByRole('dialog').getByRole('grid', { name: 'All emoji' }).waitFor()
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
    await Promise.all([page.context().close(), ema.page.context().close()])
  })

  it('no errors in the browser console', () => {
    expect(shared.consoleErrors).toEqual([])
  })
})
