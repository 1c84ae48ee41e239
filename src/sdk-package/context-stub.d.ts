/** Stands in for the server's context in the SDK's declarations. Clients never see the real one. */
export type Context = object
