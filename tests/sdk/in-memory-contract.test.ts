import { createTestServer } from '../../src/sdk/testing'
import { describeContract } from './contract/contract'

describeContract('in memory', async () => {
  const server = createTestServer()
  return {
    connect: async (username) => server.connect(username),
    cut: ({ username }) => server.disconnect(username),
    pass: () => server.clock.advance(50),
    [Symbol.asyncDispose]: () => server.close(),
  }
})
