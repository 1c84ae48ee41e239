/** How long the client waits for what, in milliseconds, and how much it puts into one frame. Tests give shorter ones. */
export const defaultTimings = {
  /** From the start of an attempt to connect until its session is accepted. */
  attemptMs: 10_000,
  /** While nothing opens, another socket is tried beside the first. */
  besideMs: 2_500,
  /** Nothing heard for so long: the server is asked for a sign of life. */
  silenceMs: 15_000,
  /** How long it has to give one. */
  answerMs: 8_000,
  /** What is left for it when this side was asleep itself. */
  graceMs: 3_000,
  /** A closing handshake is waited for so long. */
  closeMs: 1_000,
  /** Asking over HTTP why no socket opens. */
  explainMs: 2_000,
  /** A client that was never connected asks why after so long without an answer. */
  explainAfterMs: 1_000,
  /** What an `auth` function may take. */
  authMs: 30_000,
  /** A session is renewed so long before its end, or after half of what is left of it. */
  renewBeforeMs: 5 * 60_000,
  /** How often to look for what another client has left in the same outbox. */
  sharedOutboxMs: 3_000,
  /** What the server takes in one frame: calls, and bytes of UTF-8. */
  frameCalls: 1_000,
  frameBytes: 1024 * 1024,
}

export type Timings = typeof defaultTimings
