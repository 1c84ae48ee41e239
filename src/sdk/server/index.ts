export { ChatError, type ChatFailure, type ChatFailureName, readFailure } from '../chat-error'
export { type AppServer, type AppServerOptions, createServer, type PostOptions, type PreloadOptions } from './app-server'
export {
  createOutbox,
  type OutboxMessage,
  type OutboxOptions,
  type OutboxPoster,
  type OutboxQuery,
  type OutboxRelay,
  type RelayOptions,
  type ServerOutbox,
} from './outbox'
export type { AppUser } from './sign-token'
