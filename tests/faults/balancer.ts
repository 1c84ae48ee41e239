import { startTcpProxy } from '../support/tcp-proxy'
import type { BenchNode } from './bench'

export interface Balancer {
  url: string
  port: number
  close(): Promise<void>
}

/** Sends clients in turn to the nodes that report ready, as a load balancer does. */
export async function startBalancer(nodes: readonly BenchNode[]): Promise<Balancer> {
  const ready = new Set<number>()
  const checkNodes = async () => {
    await Promise.all(
      nodes.map(async (node, index) => {
        if ((await node.ready())?.status === 200) ready.add(index)
        else ready.delete(index)
      }),
    )
  }
  let checking = checkNodes()
  await checking
  const timer = setInterval(() => {
    checking = checking.then(checkNodes)
  }, 100)
  let turn = 0
  const line = await startTcpProxy(() => {
    const serving = [...ready]
    const chosen = serving[turn++ % serving.length]
    return chosen === undefined ? null : (nodes[chosen]?.clients.port ?? null)
  })
  return {
    url: `ws://127.0.0.1:${line.port}/trpc`,
    port: line.port,
    close: async () => {
      clearInterval(timer)
      await checking
      await line.close()
    },
  }
}
