/** The client's delays and time-outs in milliseconds, and the limits of one frame. Tests use smaller ones. */
export const defaultTimings = {
  /** From the start of an attempt to connect until its session is accepted. */
  attemptMs: 10_000,
  /** While no socket opens, another one is started this often. */
  besideMs: 2_500,
  /** After this long without a frame the server is pinged. */
  silenceMs: 15_000,
  /** How long the server has to answer a ping. */
  answerMs: 8_000,
  /** The same, when this process was asleep itself. */
  graceMs: 3_000,
  /** How long a closing handshake may take. */
  closeMs: 1_000,
  /** How long asking over HTTP why no socket opens may take. */
  explainMs: 2_000,
  /** A client that was never connected asks why after this long without an answer. */
  explainAfterMs: 1_000,
  /** How long its socket still has to open when what answers does not look like Roomline. */
  explainGraceMs: 600,
  /** How long an `auth` function may take. */
  authMs: 30_000,
  /** A session is renewed this long before it expires, or halfway if that is later. */
  renewBeforeMs: 5 * 60_000,
  /** How often to look for messages that another client left in the same outbox. */
  sharedOutboxMs: 3_000,
  /** What the server accepts in one frame: calls, and bytes of UTF-8. */
  frameCalls: 1_000,
  frameBytes: 1024 * 1024,
}

export type Timings = typeof defaultTimings
