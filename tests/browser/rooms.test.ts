import type { BrowserContextOptions, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { password } from '../support/people'
import { shareRoomline } from '../support/shared-roomline'
import { messages, sendMessage } from './room-page'

const { open, signUp, consoleErrors } = shareRoomline()

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true }

async function fillSignUp(page: Page, username: string, displayName: string) {
  await page.getByLabel('Username').fill(username)
  await page.getByLabel(/Display name/).fill(displayName)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Create account' }).click()
}

/** Two people who have just signed up, each in a browser of their own. */
async function signUpTwo(names: [string, string], options: BrowserContextOptions = {}) {
  const people = await Promise.all(names.map((name) => signUp(name.toLowerCase(), { displayName: name, ...options })))
  const [first, second] = people
  if (!first || !second) throw new Error('nobody came')
  return {
    first: first.page,
    second: second.page,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(people.map(({ context }) => context.close()))
    },
  }
}

const sidebar = (page: Page) => page.getByRole('navigation', { name: 'Rooms' })
const roomLink = (page: Page, name: string | RegExp) => sidebar(page).getByRole('link', { name })
const member = (page: Page, name: string) =>
  page
    .locator('aside, [role=dialog]')
    .getByRole('listitem')
    .filter({ hasText: `@${name.toLowerCase()}` })

async function createRoom(page: Page, name: string, { kind = 'Public', people = [] as string[] } = {}) {
  await page.getByRole('button', { name: 'Create a room' }).click()
  const dialog = page.getByRole('dialog', { name: 'Create a room' })
  await dialog.getByLabel(/^Name/).fill(name)
  if (kind === 'Private') await dialog.getByText('Private').click()
  await pick(dialog.getByLabel('People (optional)'), people)
  await dialog.getByRole('button', { name: 'Create room' }).click()
  await page.getByRole('heading', { level: 1, name }).waitFor()
}

/** Enters usernames into a people field. */
async function pick(field: ReturnType<Page['getByLabel']>, people: string[]) {
  for (const username of people) {
    await field.fill(username)
    await field.press('Enter')
  }
}

async function chooseInRoomMenu(page: Page, room: string, item: string) {
  await page.getByRole('button', { name: `More actions for ${room}` }).click()
  await page.getByRole(/^(All|Mentions|Nothing)/.test(item) ? 'menuitemradio' : 'menuitem', { name: item }).click()
}

async function chooseForMember(page: Page, name: string, item: string) {
  await page.getByRole('button', { name: `More actions for ${name}` }).click()
  await page.getByRole('menuitem', { name: item }).click()
}

describe('unread messages in another room', () => {
  it('counts and mentions show in the list and on the tab until the reader opens the room', async () => {
    await using two = await signUpTwo(['Ada', 'Ben'])
    const { first: ada, second: ben } = two
    await createRoom(ada, 'Allotment', { people: ['ben'] })
    await roomLink(ben, 'Allotment').waitFor()
    await sendMessage(ada, 'The gate is open', 'Allotment')
    await roomLink(ben, /Allotment.*1 unread message$/).waitFor()
    await sendMessage(ada, '@ben, bring the rake', 'Allotment')
    await roomLink(ben, /Allotment.*2 unread messages, 1 mention/).waitFor()
    await ben.waitForFunction(() => document.title === '(2) general · Roomline')
    // Unread rooms come first.
    expect(await sidebar(ben).getByRole('link').first().textContent()).toContain('Allotment')

    await roomLink(ben, /Allotment/).click()
    await messages(ben).getByText('Bring the rake').waitFor()
    await sidebar(ben).getByRole('link', { name: 'Public room Allotment', exact: true }).waitFor()
    await ben.waitForFunction(() => document.title === 'Allotment · Roomline')
    // Messages that arrive in the open room are read.
    await sendMessage(ada, 'And the hose', 'Allotment')
    await messages(ben).getByText('And the hose').waitFor()
    await ben.reload()
    await messages(ben).getByText('And the hose').waitFor()
    await sidebar(ben).getByRole('link', { name: 'Public room Allotment', exact: true }).waitFor()

    await chooseInRoomMenu(ben, 'Allotment', 'Mentions only')
    await roomLink(ben, 'general').click()
    await sendMessage(ada, 'Nothing for Ben', 'Allotment')
    await sendMessage(ada, 'But this is, @ben, for you', 'Allotment')
    await roomLink(ben, /Allotment 1 mention$/).waitFor()
    await ben.waitForFunction(() => document.title === '(1) general · Roomline')
    await roomLink(ben, /Allotment/).click()
    await chooseInRoomMenu(ben, 'Allotment', 'Nothing')
    await roomLink(ben, 'general').click()
    await sendMessage(ada, 'Not even this, @ben, is', 'Allotment')
    await roomLink(ada, 'general').click()
    await sendMessage(ada, 'Here it is quiet', 'general')
    await messages(ben).getByText('Here it is quiet').waitFor()
    await sidebar(ben).getByRole('link', { name: 'Public room Allotment Muted', exact: true }).waitFor()
  })

  it('the browser shows a notification when allowed, and a click opens the room', async () => {
    await using two = await signUpTwo(['Cleo', 'Dov'])
    const { first: cleo, second: dov } = two
    await createRoom(cleo, 'Bellringers', { people: ['dov'] })
    await roomLink(dov, 'Bellringers').waitFor()
    // A headless browser shows no notifications: this records what it is asked to show.
    await dov.addInitScript(() => {
      const shown: { title: string; body: string; tag: string; onclick?: () => void }[] = []
      class Written {
        static permission = localStorage.getItem('allowed') ?? 'default'
        static requestPermission = async () => {
          localStorage.setItem('allowed', 'granted')
          Written.permission = 'granted'
        }
        onclick?: () => void
        constructor(
          readonly title: string,
          { body, tag }: { body: string; tag: string },
        ) {
          shown.push(Object.assign(this, { body, tag }) as never)
        }
        close() {}
      }
      Object.assign(window, { Notification: Written, shown })
    })
    await dov.reload()
    await roomLink(dov, 'Bellringers').waitFor()
    const shown = () => dov.evaluate(() => (window as unknown as { shown: { title: string; body: string }[] }).shown)
    await sendMessage(cleo, 'before anything was allowed', 'Bellringers')
    await roomLink(dov, /Bellringers.*1 unread/).waitFor()
    await dov.getByRole('button', { name: 'Turn on notifications' }).click()
    await dov.getByRole('button', { name: 'Turn on notifications' }).waitFor({ state: 'detached' })
    await sendMessage(cleo, 'Practice at seven', 'Bellringers')
    await dov.waitForFunction(() => (window as unknown as { shown: unknown[] }).shown.length === 1)
    expect(await shown()).toMatchObject([{ title: 'Bellringers', body: 'Cleo: Practice at seven' }])
    await dov.evaluate(() => (window as unknown as { shown: { onclick(): void }[] }).shown[0]?.onclick())
    await messages(dov).getByText('Practice at seven').waitFor()
    expect(dov.url()).toContain('/rooms/bellringers')
    // No notification for messages in the open room,
    await sendMessage(cleo, 'Bring gloves', 'Bellringers')
    await messages(dov).getByText('Bring gloves').waitFor()
    await sendMessage(dov, 'I will', 'Bellringers')
    // nor for one's own: the notification from another room comes after both.
    await roomLink(cleo, 'general').click()
    await sendMessage(cleo, 'The tower is open', 'general')
    await dov.waitForFunction(() => (window as unknown as { shown: unknown[] }).shown.length > 1)
    expect((await shown()).map(({ title }) => title)).toEqual(['Bellringers', 'general'])
  })
})

describe('rooms', () => {
  it('direct room: two people talk, and each sees it under the other’s name', async () => {
    await using two = await signUpTwo(['Edda', 'Finn'])
    const { first: edda, second: finn } = two
    await edda.getByRole('button', { name: 'New message', exact: true }).click()
    const dialog = edda.getByRole('dialog', { name: 'New message' })
    await pick(dialog.getByLabel('To', { exact: true }), ['nobody-here'])
    await dialog.getByRole('button', { name: 'Open' }).click()
    await dialog.getByText("There's no one with that username.").waitFor()
    await dialog.getByRole('button', { name: 'Remove nobody-here' }).click()
    await pick(dialog.getByLabel('To', { exact: true }), ['finn'])
    await dialog.getByRole('button', { name: 'Open' }).click()
    await edda.getByRole('heading', { level: 1, name: 'Finn' }).waitFor()
    await sendMessage(edda, 'Between the two of us', 'Finn')
    await roomLink(finn, /Edda.*1 unread message/).click()
    await messages(finn).getByText('Between the two of us').waitFor()
    await sendMessage(finn, 'It stays here', 'Edda')
    await messages(edda).getByText('It stays here').waitFor()
    // Nobody can change or leave a direct room.
    await finn.getByRole('button', { name: 'More actions for Edda' }).click()
    await finn.getByRole('menuitemradio', { name: 'All messages' }).waitFor()
    expect(await finn.getByRole('menuitem', { name: /Leave|Invite|settings/ }).count()).toBe(0)
  })

  it('moderation: an owner promotes, mutes, removes, bans and unbans a member', async () => {
    await using two = await signUpTwo(['Greta', 'Hugo'])
    const { first: greta, second: hugo } = two
    await createRoom(greta, 'Workshop', { people: ['hugo'] })
    await roomLink(hugo, 'Workshop').click()
    await sendMessage(hugo, 'I am here', 'Workshop')
    await hugo.getByRole('button', { name: 'Show 2 members' }).click()
    await hugo.getByRole('region', { name: 'Owners' }).getByText('@greta').waitFor()
    await hugo.getByRole('button', { name: 'More actions for Greta' }).click()
    expect(await hugo.getByRole('menuitem').allTextContents()).toEqual(['Message'])
    await hugo.keyboard.press('Escape')

    await greta.getByRole('button', { name: 'Show 2 members' }).click()
    await chooseForMember(greta, 'Hugo', 'Make moderator')
    await greta.getByRole('region', { name: 'Moderators' }).getByText('@hugo').waitFor()
    await hugo.getByRole('button', { name: 'Banned' }).waitFor()
    await chooseForMember(greta, 'Hugo', 'Make member')
    await hugo.getByRole('heading', { level: 2, name: 'Members' }).waitFor()

    await chooseForMember(greta, 'Hugo', '10 minutes')
    await member(greta, 'Hugo').getByText('Muted').waitFor()
    await member(hugo, 'Hugo').getByText('Muted').waitFor()
    await chooseForMember(greta, 'Hugo', 'Unmute')
    await member(greta, 'Hugo').getByText('Muted').waitFor({ state: 'detached' })
    await sendMessage(hugo, 'I may speak again', 'Workshop')

    await chooseForMember(greta, 'Hugo', 'Remove from the room')
    await greta.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await hugo.getByRole('heading', { name: "You're no longer in Workshop" }).waitFor()
    await roomLink(hugo, 'Workshop').waitFor({ state: 'detached' })
    await messages(greta).getByText('removed Hugo').waitFor()
    await member(greta, 'Hugo').waitFor({ state: 'detached' })
    await hugo.getByRole('main').getByRole('button', { name: 'Join Workshop' }).click()
    await messages(hugo).getByText('I may speak again').waitFor()

    await sendMessage(hugo, 'Back again', 'Workshop')
    await member(greta, 'Hugo').waitFor()
    await chooseForMember(greta, 'Hugo', 'Ban from the room')
    await greta.getByRole('dialog').getByLabel('Reason (optional)').fill('Hides the good chisels')
    await greta.getByRole('dialog').getByRole('button', { name: 'Ban' }).click()
    await hugo.getByRole('heading', { name: "You're no longer in Workshop" }).waitFor()
    await hugo.getByRole('main').getByRole('button', { name: 'Join Workshop' }).click()
    await hugo.getByText("This room doesn't exist, or you don't have access to it.").waitFor()

    await greta.getByRole('button', { name: 'Banned' }).click()
    await greta.getByText('Hides the good chisels').waitFor()
    await greta.getByRole('button', { name: 'Unban Hugo' }).click()
    await greta.getByText('Nobody is banned from this room.').waitFor()
    await hugo.getByRole('main').getByRole('button', { name: 'Join Workshop' }).click()
    await messages(hugo).getByText('Back again').waitFor()
  })

  it('roles: the last owner cannot step down before naming another', async () => {
    await using two = await signUpTwo(['Iris', 'Jonas'])
    const { first: iris, second: jonas } = two
    await createRoom(iris, 'Choir', { people: ['jonas'] })
    await roomLink(jonas, 'Choir').click()
    await iris.getByRole('button', { name: 'Show 2 members' }).click()
    await chooseForMember(iris, 'Iris', 'Step down to member')
    await iris.getByRole('dialog').getByRole('button', { name: 'Step down' }).click()
    await iris.getByText('A room needs an owner').waitFor()
    await iris.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
    await chooseForMember(iris, 'Jonas', 'Make owner')
    await iris.getByRole('region', { name: 'Owners' }).getByText('@jonas').waitFor()
    await chooseForMember(iris, 'Iris', 'Step down to member')
    await iris.getByRole('dialog').getByRole('button', { name: 'Step down' }).click()
    await iris.getByRole('region', { name: 'Members' }).getByText('@iris').waitFor()
    await jonas.getByRole('button', { name: 'More actions for Choir' }).click()
    await jonas.getByRole('menuitem', { name: 'Room settings' }).waitFor()
  })

  it('settings: a new name and topic show at once, and an archived room is read-only until it is restored', async () => {
    await using two = await signUpTwo(['Kira', 'Leo'])
    const { first: kira, second: leo } = two
    await createRoom(kira, 'Draft', { kind: 'Private', people: ['leo'] })
    await roomLink(leo, 'Draft').click()
    await sendMessage(leo, 'Nice room', 'Draft')
    await chooseInRoomMenu(kira, 'Draft', 'Room settings')
    const settings = kira.getByRole('dialog', { name: 'Room settings' })
    await settings.getByLabel('Name').fill('Final')
    await settings.getByLabel('Topic').fill('What we print')
    await settings.getByText('Moderators', { exact: true }).click()
    await settings.getByLabel('Slow mode').selectOption('30 seconds')
    await settings.getByRole('button', { name: 'Save' }).click()
    await leo.getByRole('heading', { level: 1, name: 'Final' }).waitFor()
    await roomLink(leo, 'Final').waitFor()
    await leo.getByRole('main').locator('header').getByText('What we print').waitFor()

    await chooseInRoomMenu(kira, 'Final', 'Room settings')
    await kira.getByRole('dialog').getByRole('button', { name: 'Archive room…' }).click()
    await kira.getByRole('dialog').getByRole('button', { name: 'Archive room', exact: true }).click()
    for (const page of [kira, leo]) {
      await page.getByText('This room is archived. You can read it, but not write in it.').waitFor()
      await roomLink(page, 'Final').waitFor({ state: 'detached' })
      await messages(page).getByText('Nice room').waitFor()
    }
    await leo.reload()
    await leo.getByText('This room is archived').waitFor()
    await leo.getByRole('heading', { level: 1, name: 'Final' }).waitFor()
    expect(await leo.getByRole('button', { name: 'Restore room' }).count()).toBe(0)
    await kira.getByRole('button', { name: 'Restore room' }).click()
    for (const page of [kira, leo]) await roomLink(page, 'Final').waitFor()
    await kira.getByLabel('Message Final', { exact: true }).waitFor()
  })

  it('archive and restore: an admin sees the room all the time', async () => {
    const { context, page } = await open()
    await page.goto('/login')
    await page.getByLabel('Username').fill('first-admin')
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await createRoom(page, 'Attic', { kind: 'Private' })
    await chooseInRoomMenu(page, 'Attic', 'Room settings')
    await page.getByRole('dialog').getByRole('button', { name: 'Archive room…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Archive room', exact: true }).click()
    await page.getByText('This room is archived').waitFor()
    await page.getByRole('button', { name: 'Restore room' }).click()
    await roomLink(page, 'Attic').waitFor()
    await context.close()
  })

  it('invitations: by name and by link', async () => {
    await using two = await signUpTwo(['Mona', 'Nils'])
    const { first: mona, second: nils } = two
    await createRoom(mona, 'Backstage', { kind: 'Private' })
    await chooseInRoomMenu(mona, 'Backstage', 'Invite people')
    const dialog = mona.getByRole('dialog', { name: 'Invite people to Backstage' })
    await pick(dialog.getByLabel('By name'), ['nils'])
    await dialog.getByRole('button', { name: 'Invite' }).click()
    await dialog.getByText('Nils is now in the room.').waitFor()
    await roomLink(nils, 'Backstage').waitFor()

    await dialog.getByLabel('Can be used by').selectOption('1 person')
    await dialog.getByRole('button', { name: 'Create link' }).click()
    const link = await dialog.getByLabel('Invitation link', { exact: true }).inputValue()
    await dialog.getByText(/0 of 1 used/).waitFor()

    const olga = await open()
    await olga.page.goto(link)
    await olga.page.getByRole('link', { name: 'Create an account' }).click()
    // The new account joins the room: the link is used up by it.
    await fillSignUp(olga.page, 'olga', 'Olga')
    await roomLink(olga.page, 'Backstage').click()
    await messages(olga.page).getByText('joined with an invitation from Mona').waitFor()
    await olga.page.goto(link)
    await olga.page.getByRole('heading', { name: 'This invitation is invalid or has expired' }).waitFor()

    await dialog.getByLabel('Can be used by').selectOption('Anyone')
    await dialog.getByRole('button', { name: 'Create link' }).click()
    await dialog.getByText(/^0 used/).waitFor()
    const second = await dialog.getByLabel('Invitation link', { exact: true }).inputValue()
    expect(second).not.toBe(link)
    await nils.goto(second)
    await nils.getByRole('heading', { name: "You're already in Backstage" }).waitFor()
    await dialog.getByRole('button', { name: /^Revoke the link by mona, 0 used/ }).click()
    await dialog.getByText(/^0 used/).waitFor({ state: 'detached' })
    await nils.reload()
    await nils.getByRole('heading', { name: 'This invitation is invalid or has expired' }).waitFor()
    await olga.context.close()
  })
})

describe('rooms on a phone', () => {
  it('direct messages, a private room, and what a removed member sees', async () => {
    await using two = await signUpTwo(['Pia', 'Quin'], phone)
    const { first: pia, second: quin } = two
    await pia.getByRole('button', { name: 'Show the rooms' }).click()
    await pia.getByRole('button', { name: 'New message', exact: true }).click()
    await pick(pia.getByRole('dialog', { name: 'New message' }).getByLabel('To', { exact: true }), ['quin'])
    await pia.getByRole('button', { name: 'Open' }).click()
    await pia.getByRole('heading', { level: 1, name: 'Quin' }).waitFor()
    await sendMessage(pia, 'On the train', 'Quin')
    await quin.getByRole('button', { name: 'Show the rooms' }).click()
    await roomLink(quin, /Pia.*1 unread message/).click()
    await messages(quin).getByText('On the train').waitFor()

    await pia.getByRole('button', { name: 'Show the rooms' }).click()
    await createRoom(pia, 'Travel', { kind: 'Private', people: ['quin'] })
    await quin.getByRole('button', { name: 'Show the rooms' }).click()
    await roomLink(quin, 'Travel').click()
    await pia.getByRole('button', { name: 'Show 2 members' }).click()
    await pia.getByRole('dialog', { name: 'Members' }).getByText('@quin').waitFor()
    await chooseForMember(pia, 'Quin', 'Remove from the room')
    await pia.getByRole('button', { name: 'Remove', exact: true }).click()
    await quin.getByRole('heading', { name: "You're no longer in Travel" }).waitFor()
    await member(pia, 'Quin').waitFor({ state: 'detached' })
    await pia.getByRole('button', { name: 'Close members' }).click()
    await chooseInRoomMenu(pia, 'Travel', 'Leave room')
    await pia.getByRole('dialog').getByRole('button', { name: 'Leave room' }).click()
    await pia.waitForURL((url) => !url.pathname.includes('travel'))
    await pia.getByRole('button', { name: 'Show the rooms' }).click()
    await roomLink(pia, /Quin/).waitFor()
    expect(await roomLink(pia, 'Travel').count()).toBe(0)
    for (const page of [pia, quin]) {
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
    }
  })
})

describe('browser console', () => {
  it('shows no errors', () => {
    expect(consoleErrors).toEqual([])
  })
})
