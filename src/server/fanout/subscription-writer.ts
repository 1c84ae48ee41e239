/** Writes the events of one subscription straight to its client's socket, past tRPC's own loop. */
export interface SubscriptionWriter {
  /** The beginning of each of its frames. Writers with the same head share the bytes of their frames. */
  readonly head: string
  /** Whether the client has read most of what was written to its socket. */
  isReadable(): boolean
  /** Resolves when the client has read most of it, or is gone; undefined when it has read most of it already. */
  untilReadable(): Promise<void> | undefined
  /** Joins everything that is written to the socket before the running callback ends into one write. */
  joinWrites(): void
  /** Writes whole frames. Frames for a socket that is closing are dropped. */
  write(frames: Buffer): void
  /** Ends the subscription with an error. */
  fail(error: unknown): void
}
