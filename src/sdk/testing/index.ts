export { createTestMessage, createTestRoom, createTestUser } from './samples'
export type { TestClock } from './test-clock'
export { createTestServer, type ProcedureName, type TestRoomOptions, type TestServer, type TestServerOptions } from './test-server'
