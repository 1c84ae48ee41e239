/** What the server knows about a call. Clients never see it. */
export type Context = object
