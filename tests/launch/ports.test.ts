import { once } from 'node:events'
import net from 'node:net'
import { describe, expect, it } from 'vitest'
import { claimPort } from '../../src/launch/ports'

describe('claimPort', () => {
  it('names the port that is in use and the variable to change', async () => {
    const holder = net.createServer().listen(0, '127.0.0.1')
    await once(holder, 'listening')
    const { port } = holder.address() as net.AddressInfo
    await expect(claimPort('WEB_PORT', port, '127.0.0.1', { patienceMs: 0 })).rejects.toThrow(
      `Port ${port} is in use by another program. Stop that program, or set WEB_PORT to another port (0 picks a free one).`,
    )
    const claimed = claimPort('WEB_PORT', port, '127.0.0.1')
    holder.close()
    expect(await claimed).toBe(port)
  })

  it('picks a free port for 0', async () => {
    expect(await claimPort('WEB_PORT', 0, '127.0.0.1')).toBeGreaterThan(0)
  })
})
