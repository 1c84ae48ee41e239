/** Where the changes of one subscription are written, past tRPC's own loop. */
export interface Outlet {
  /** What every frame of it begins with. Outlets with the same one share their frames' bytes. */
  readonly head: string
  /** Whether the client has read most of what was written to its socket. */
  isReadable(): boolean
  /** Resolves when it has, or is gone; undefined when it has already. */
  untilReadable(): Promise<void> | undefined
  /** What is written to its socket until the running callback has come to its end goes out in one write. */
  joinWrites(): void
  /** Writes whole frames. What comes for a socket that is closing is dropped. */
  write(frames: Buffer): void
  /** Ends the subscription, and says why. */
  fail(error: unknown): void
}
