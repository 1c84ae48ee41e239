import { describe, expect, it } from 'vitest'
import { shareRoomline } from '../support/shared-roomline'

const { signUp, consoleErrors } = shareRoomline()

describe('presence', () => {
  it('members list: shows who is online, who is typing and who has left', async () => {
    const pam = await signUp('pam', { displayName: 'Pam' })
    const rex = await signUp('rex', { displayName: 'Rex' })
    await pam.page.getByRole('button', { name: /Show .*members/ }).click()
    const rexsRow = pam.page.getByRole('complementary', { name: 'Members' }).getByRole('listitem').filter({ hasText: '@rex' })
    await rexsRow.getByRole('img', { name: 'online' }).waitFor()

    await rex.page.getByLabel('Message general', { exact: true }).pressSequentially('I am thinking of')
    await pam.page.getByText('rex is typing…').waitFor()
    await rex.page.getByLabel('Message general', { exact: true }).press('Enter')
    await pam.page.getByRole('log').getByText('I am thinking of').waitFor()
    await pam.page.getByText('rex is typing…').waitFor({ state: 'detached' })
    // Somebody who stops typing without sending soon disappears.
    await rex.page.getByLabel('Message general', { exact: true }).pressSequentially('and then again not', { delay: 250 })
    await pam.page.getByText('rex is typing…').waitFor()
    await pam.page.getByText('rex is typing…').waitFor({ state: 'detached' })

    await rex.context.close()
    await rexsRow.getByRole('img', { name: 'offline' }).waitFor()
    await rexsRow.getByTitle(/Last seen/).waitFor()
    await pam.context.close()
  })

  it('direct room and room list: show whether the other is online', async () => {
    const sue = await signUp('sue', { displayName: 'Sue' })
    const ted = await signUp('ted', { displayName: 'Ted' })
    await sue.page.getByRole('button', { name: 'New message' }).click()
    await sue.page.getByRole('combobox').fill('ted')
    await sue.page.getByRole('option', { name: /ted/i }).first().click()
    await sue.page
      .getByRole('button', { name: /start|open|message/i })
      .last()
      .click()
    await sue.page.getByText('Online').waitFor()
    const link = sue.page.getByRole('navigation', { name: 'Rooms' }).getByRole('link', { name: /Ted/ })
    await link.getByRole('img', { name: 'online' }).waitFor()
    await ted.page.getByRole('link', { name: /Sue/ }).getByRole('img', { name: 'online' }).waitFor()
    await ted.context.close()
    await sue.page.getByText(/Last seen/).waitFor()
    await link.getByRole('img', { name: 'offline' }).waitFor()
    await sue.context.close()
  })

  it('no errors in the browser console', () => {
    expect(consoleErrors).toEqual([])
  })
})
