import { Secret, TOTP } from 'otpauth'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { password } from '../support/people'
import { shareRoomline } from '../support/shared-roomline'

const { open, signUp, consoleErrors } = shareRoomline({ losesConnections: true })

/** Chromium's own authenticator of software, which has verified its user. It stays with the page. */
async function addAuthenticator(page: Page) {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return {
    setVerified: (isUserVerified: boolean) => devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
  }
}

async function openSecurity(page: Page) {
  await page.getByTitle('Your account').filter({ visible: true }).click()
  await page.getByRole('tab', { name: 'Security' }).click()
  const dialog = page.getByRole('dialog', { name: 'Your account' })
  await dialog.getByRole('heading', { name: 'Passkeys' }).waitFor()
  return dialog
}

async function signOut(page: Page) {
  await page.context().clearCookies({ name: 'X-Token' })
  await page.goto('/login')
}

async function enterPassword(page: Page, username: string) {
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

const codeOf = (secret: string, steps = 0) =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * 30_000 })

async function enterCode(page: Page, code: string) {
  await page.getByLabel('Code', { exact: true }).fill(code)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

const inGeneral = (page: Page) => page.getByRole('textbox', { name: 'Message general' }).waitFor()

describe('security', () => {
  it('passkey: added, signs in alone, renamed and removed', async () => {
    const { page, context } = await signUp('keyra', { displayName: 'Keyra' })
    const authenticator = await addAuthenticator(page)
    const dialog = await openSecurity(page)
    await dialog.getByRole('button', { name: 'Add a passkey' }).click()
    await dialog.getByLabel('Your password').fill('a wrong guess')
    await dialog.getByRole('button', { name: 'Continue' }).click()
    await dialog.getByText("That's not your password.").waitFor()
    await dialog.getByLabel('Your password').fill(password)
    await dialog.getByRole('button', { name: 'Continue' }).click()
    await dialog.getByText('Passkey added.').waitFor()
    await dialog
      .getByRole('listitem')
      .getByText(/Added just now/)
      .waitFor()

    // The same device cannot hold two for one account. No password is asked for again.
    await dialog.getByRole('button', { name: 'Add a passkey' }).click()
    await dialog.getByText('This device already has a passkey for your account.').waitFor()
    await dialog.getByRole('button', { name: /^Rename / }).click()
    await dialog.getByLabel('Name').fill('My laptop')
    await dialog.getByRole('button', { name: 'Rename' }).click()
    await dialog.getByText('My laptop').waitFor()

    await signOut(page)
    await authenticator.setVerified(false)
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByText('No passkey was chosen, or it took too long.').waitFor()
    await authenticator.setVerified(true)
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await inGeneral(page)

    await openSecurity(page)
    await dialog.getByText(/used just now/).waitFor()
    await page.getByRole('tab', { name: 'Sessions' }).click()
    await dialog.getByText(/with a passkey/).waitFor()
    await page.getByRole('tab', { name: 'Security' }).click()
    await dialog.getByRole('button', { name: 'Remove My laptop' }).click()
    await dialog.getByText('My laptop. You can no longer sign in with it.').waitFor()
    await dialog.getByRole('button', { name: 'Use a passkey' }).click()
    await dialog.getByText('Passkey removed.').waitFor()

    await signOut(page)
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByText("That passkey doesn't work here.").waitFor()
    await context.close()
  })

  it('two-step sign-in: turned on, asks for a code, takes a recovery code, and no code twice', async () => {
    const { page, context } = await signUp('totila', { displayName: 'Totila', viewport: { width: 375, height: 740 } })
    await page.getByRole('button', { name: 'Show the rooms' }).click()
    const dialog = await openSecurity(page)
    await dialog.getByRole('button', { name: 'Turn on' }).click()
    await dialog.getByLabel('Your password').fill(password)
    await page.keyboard.press('Enter')
    await dialog.getByRole('img', { name: 'QR code for your authenticator app' }).waitFor()
    const secret = (await dialog.locator('code').innerText()).replaceAll(' ', '')
    expect(secret).toMatch(/^[A-Z2-7]{32}$/)
    await dialog.getByLabel('Code that the app shows').fill('000000')
    await page.keyboard.press('Enter')
    await dialog.getByText(/That code is wrong/).waitFor()
    await dialog.getByLabel('Code that the app shows').fill(codeOf(secret, -1))
    await page.keyboard.press('Enter')
    const codes = dialog.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem')
    await codes.nth(9).waitFor()
    const [first = ''] = await codes.allInnerTexts()
    await dialog.getByRole('button', { name: "I've saved them" }).click()
    await dialog.getByText(/On since just now\. 10 of 10 recovery codes are left\./).waitFor()

    await signOut(page)
    await enterPassword(page, 'totila')
    await page.waitForURL('**/login/code')
    const code = codeOf(secret)
    await enterCode(page, code)
    await inGeneral(page)

    await signOut(page)
    await enterPassword(page, 'totila')
    await page.waitForURL('**/login/code')
    await enterCode(page, code)
    await page.getByText('That code is wrong, or it was used before.').waitFor()
    await enterCode(page, first.toUpperCase())
    await inGeneral(page)

    await page.getByRole('button', { name: 'Show the rooms' }).click()
    await openSecurity(page)
    await dialog.getByText(/9 of 10 recovery codes are left/).waitFor()
    await dialog.getByRole('button', { name: 'Turn off' }).click()
    await dialog.getByLabel('Your password').fill(password)
    await page.keyboard.press('Enter')
    await dialog.getByText('Two-step sign-in is off.').waitFor()
    await signOut(page)
    await enterPassword(page, 'totila')
    await inGeneral(page)
    await context.close()
  })

  it('two-step sign-in: works without JavaScript', async () => {
    const { page, context, connect } = await signUp('plaina')
    const trpc = connect()
    const { confirmation } = await trpc.security.confirm.mutate({ password })
    const { secret } = await trpc.security.startTwoStep.mutate({ confirmation })
    await trpc.security.enableTwoStep.mutate({ code: codeOf(secret, -1) })
    await context.close()
    expect(page.isClosed()).toBe(true)

    const plain = await open({ javaScriptEnabled: false })
    await plain.page.goto('/login')
    await enterPassword(plain.page, 'plaina')
    await plain.page.waitForURL('**/login/code')
    await enterCode(plain.page, '000000')
    await plain.page.getByText('That code is wrong, or it was used before.').waitFor()
    await enterCode(plain.page, codeOf(secret))
    await plain.page.waitForURL((url) => !url.pathname.startsWith('/login'))
    expect((await plain.context.cookies()).map(({ name }) => name).sort()).toEqual(['X-Device', 'X-Token'])
    await plain.context.close()
  })

  it('a second browser is a new device in the list of sessions, and says where from', async () => {
    const { page, context } = await signUp('novak', { displayName: 'Novak' })
    const elsewhere = await open()
    await elsewhere.page.goto('/login')
    await enterPassword(elsewhere.page, 'novak')
    await inGeneral(elsewhere.page)
    await page.getByTitle('Your account').click()
    await page.getByRole('tab', { name: 'Sessions' }).click()
    const rows = page.getByRole('dialog', { name: 'Your account' }).getByRole('listitem')
    await rows.nth(1).waitFor()
    expect(await rows.first().innerText()).not.toContain('New device')
    expect(await rows.nth(1).innerText()).toMatch(
      /Chrome on \w+\s+New device[\s\S]*127\.0\.0\.1[\s\S]*Signed in just now with your password/,
    )
    await Promise.all([context.close(), elsewhere.context.close()])
  })

  it('passkeys: the button is hidden at an address that has none', async () => {
    const { page, context } = await open()
    const url = new URL((await page.goto('/login'))?.url() ?? '')
    await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor()
    url.hostname = '127.0.0.1'
    await page.goto(url.href)
    await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor()
    expect(await page.getByRole('button', { name: 'Sign in with a passkey' }).count()).toBe(0)
    await context.close()
  })

  it('no errors in the browser console', () => {
    expect(consoleErrors).toEqual([])
  })
})
