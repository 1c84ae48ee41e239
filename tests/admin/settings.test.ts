import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ConnectedPerson, connectPerson } from '../support/connected-people'
import { type Roomline, startRoomline } from '../support/roomline'
import { failureOf } from '../support/stock-client'

let roomline: Roomline
let admin: ConnectedPerson
beforeAll(async () => {
  roomline = await startRoomline()
  admin = await connectPerson(roomline)
})
afterAll(() => roomline[Symbol.asyncDispose]())

const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')
const dataUrl = (type: string, bytes: Buffer) => `data:${type};base64,${bytes.toString('base64')}`
const getLogo = (path: string) => roomline.web.logo(new Request(`http://localhost:3000${path}`))

describe('admin.updateSettings', () => {
  it('a name: is shown to everybody, and what is not given stays', async () => {
    expect(await roomline.web.settings()).toMatchObject({ name: 'Roomline', logo: null })
    await admin.trpc.admin.updateSettings.mutate({ name: 'The office' })
    await admin.trpc.admin.updateSettings.mutate({ registration: 'invite' })
    expect(await roomline.web.settings()).toMatchObject({ name: 'The office', registration: 'invite' })
    expect(await failureOf(admin.trpc.admin.updateSettings.mutate({}))).toBe('BAD_REQUEST')
    const { rows } = await roomline.pool.query(`SELECT detail FROM audit_log WHERE action = 'admin.settingsUpdated' ORDER BY id`)
    expect(rows).toEqual([{ detail: { name: 'The office' } }, { detail: { registration: 'invite' } }])
  })

  it('a logo: is served under a path of its own, cannot act, and can be removed', async () => {
    const { logo } = await admin.trpc.admin.updateSettings.mutate({ logo: dataUrl('image/png', png) })
    const response = await getLogo(logo ?? '')
    expect(Buffer.from(await response.arrayBuffer())).toEqual(png)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/png',
      'cache-control': 'public, max-age=31536000, immutable',
      'content-security-policy': "default-src 'none'; sandbox",
    })
    const other = await admin.trpc.admin.updateSettings.mutate({ logo: dataUrl('image/jpeg', Buffer.from('ffd8ffe000', 'hex')) })
    expect(other.logo).not.toBe(logo)
    expect((await getLogo(logo ?? '')).status).toBe(404)
    expect((await admin.trpc.admin.updateSettings.mutate({ logo: null })).logo).toBeNull()
    expect((await getLogo(other.logo ?? '')).status).toBe(404)
  })

  it('what is not an image, is another one than it says, or is too big: is refused', async () => {
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')
    for (const logo of [
      'https://example.com/logo.png',
      'data:image/png;base64,',
      'data:image/png;base64,!!!!',
      dataUrl('image/svg+xml', svg),
      dataUrl('image/png', svg),
      dataUrl('text/html', png),
      dataUrl('image/jpeg', png),
      dataUrl('image/png', Buffer.concat([png, Buffer.alloc(96 * 1024)])),
      `${dataUrl('image/png', png)}\n`,
    ]) {
      expect(await failureOf(admin.trpc.admin.updateSettings.mutate({ logo })), logo.slice(0, 60)).toBe('BAD_REQUEST')
    }
    const largest = Buffer.concat([png, Buffer.alloc(96 * 1024 - png.length)])
    expect((await admin.trpc.admin.updateSettings.mutate({ logo: dataUrl('image/png', largest) })).logo).not.toBeNull()
  })
})
