export { ChatError, type ChatFailure, type ChatFailureName, readFailure } from '../chat-error'
export { type AppServer, type AppServerOptions, createServer, type PostOptions, type PreloadOptions } from './app-server'
export type { AppUser } from './sign-token'
