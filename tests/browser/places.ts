import type { Page } from 'playwright-core'

/** The room that the places belong to, with two members and one pinned message that has two answers. */
const name = 'Plain words'

export const row = (page: Page) =>
  page
    .getByRole('log', { name: `Messages in ${name}` })
    .getByRole('listitem')
    .filter({ hasText: 'example.com' })
    .first()
export const composer = (page: Page) => page.getByRole('textbox', { name: `Message ${name}` })
export const thread = (page: Page) => page.getByRole('complementary', { name: 'Thread' }).or(page.getByRole('dialog', { name: 'Thread' }))
export const palette = (page: Page) => page.getByRole('dialog', { name: 'Search' })

async function search(page: Page, words: string) {
  await page.keyboard.press('Control+K')
  await palette(page).getByRole('combobox').fill(words)
}

/** Opens a dialog through the palette, which works at any width. */
const action =
  (words: string, title: string | RegExp, ready: (page: Page) => Promise<unknown> = async () => {}) =>
  async (page: Page) => {
    await search(page, words)
    await palette(page).getByRole('option', { name: words }).click()
    await page.getByRole('dialog', { name: title }).waitFor()
    await ready(page)
  }

const ofRoomMenu = (item: string, title: string | RegExp) => async (page: Page) => {
  await page.getByRole('button', { name: `More actions for ${name}` }).click()
  await page.getByRole('menuitem', { name: item }).click()
  await page.getByRole('dialog', { name: title }).waitFor()
}

const completing = (text: string) => async (page: Page) => {
  await composer(page).fill('')
  await composer(page).pressSequentially(text)
  await page.getByRole('listbox').getByRole('option').first().waitFor()
}

const tabOfAccount = (tab: string) => async (page: Page) => {
  await search(page, 'Your account')
  await palette(page).getByRole('option', { name: 'Your account' }).click()
  await page.getByRole('tab', { name: tab }).click()
  await page.getByRole('tabpanel', { name: tab }).locator('button, li').first().waitFor()
}

type Places = Record<string, (page: Page) => Promise<unknown>>

/** What opens over or beside the room, at any width. */
export const places: Places = {
  'the room': async () => {},
  'the thread': async (page) => {
    await row(page).getByRole('button', { name: '2 replies' }).click()
    await thread(page).getByRole('textbox').waitFor()
  },
  'the pins': async (page) => {
    await page.getByRole('button', { name: 'Show 1 pinned message' }).click()
    await page.getByRole('button', { name: /^Unpin the message/ }).waitFor()
  },
  'the members': async (page) => {
    await page.getByRole('button', { name: 'Show 2 members' }).click()
    await page.getByRole('button', { name: 'More actions for Axel Access' }).waitFor()
  },
  'the menu of a member': async (page) => {
    await page.getByRole('button', { name: 'Show 2 members' }).click()
    await page.getByRole('button', { name: 'More actions for Axel Access' }).click()
    await page.getByRole('menu').waitFor()
  },
  'a profile card': async (page) => {
    await row(page).getByRole('button', { name: 'Ally Access', exact: true }).click()
    await page.getByRole('dialog').getByText('This is you.').waitFor()
  },
  'what can be done with a message': async (page) => {
    await row(page)
      .getByRole('button', { name: /^More actions/ })
      .click()
    await page.getByRole('menu').or(page.getByRole('dialog')).waitFor()
  },
  'the menu of the room': async (page) => {
    await page.getByRole('button', { name: `More actions for ${name}` }).click()
    await page.getByRole('menu').waitFor()
  },
  'jumping to a date': ofRoomMenu('Jump to a date', 'Jump to a date'),
  'the settings of the room': ofRoomMenu('Room settings', 'Room settings'),
  'leaving the room': ofRoomMenu('Leave room', `Leave ${name}?`),
  'the palette': async (page) => {
    await page.keyboard.press('Control+K')
    await palette(page).getByRole('option').first().waitFor()
  },
  'what was found': async (page) => {
    await search(page, 'read')
    await palette(page).locator('mark').first().waitFor()
  },
  'filters of the search': async (page) => {
    await search(page, 'from:axel read in:')
    await palette(page).getByRole('option').first().waitFor()
  },
  'nothing found': async (page) => {
    await search(page, 'before:2001-01-01 nothing')
    await palette(page).getByText('No messages found.').waitFor()
  },
  'the keys': action('Keyboard shortcuts', 'Keyboard shortcuts'),
  'creating a room': action('Create a room', 'Create a room'),
  'browsing the rooms': action('Browse rooms', 'Browse rooms', (page) =>
    page
      .getByRole('button', { name: /^Join / })
      .or(page.getByRole('link', { name: /^Open / }))
      .first()
      .waitFor(),
  ),
  'a new message': action('New message', 'New message'),
  'inviting people': action(`Invite people to ${name}`, `Invite people to ${name}`),
  'the profile': action('Your account', 'Your account', (page) => page.getByText('Show my local time to others').waitFor()),
  'the security': tabOfAccount('Security'),
  'the sessions': tabOfAccount('Sessions'),
  'deleting the account': tabOfAccount('Delete'),
  'people to mention': completing('@'),
  'rooms to name': completing('#'),
  'emoji to complete': completing(':smi'),
  commands: completing('/'),
  'the emoji picker': async (page) => {
    await page.getByRole('button', { name: 'Emoji', exact: true }).click()
    await page.getByRole('dialog').getByRole('gridcell').first().waitFor()
  },
}

/** What there is with a mouse only. */
export const placesForMouse: Places = {
  'who reacted': async (page) => {
    await row(page)
      .getByRole('button', { name: /👍|thumbs/i })
      .hover()
    await page.getByRole('tooltip').waitFor()
  },
  'the menu of a room in the list': async (page) => {
    await page
      .getByRole('navigation', { name: 'Rooms' })
      .getByRole('link', { name: new RegExp(name) })
      .click({ button: 'right' })
    await page.getByRole('menu').waitFor()
  },
}

/** Closes what a place has opened. */
export async function closePlace(page: Page) {
  const over = page.locator('[role=dialog], [role=menu]')
  for (let left = await over.count(); left > 0; left = await over.count()) {
    await page.keyboard.press('Escape')
    await over.nth(left - 1).waitFor({ state: 'detached' })
  }
  const beside = page.locator('main aside').getByRole('button', { name: /^Close/ })
  if (await beside.count()) await beside.click()
  if (await composer(page).inputValue()) await composer(page).fill('')
}
