import { type Clock, systemClock } from '../clock'

/** The client's clock, its delays and time-outs in milliseconds, and the limits of a frame. Tests use smaller ones. */
export const defaultTimings = {
  clock: systemClock as Clock,
  /** From the start of an attempt to connect until its session is accepted. */
  attemptMs: 10_000,
  /** How often another socket is opened while none of an attempt has opened. */
  extraSocketEveryMs: 2_500,
  /** How long without a frame from the server before it is pinged. */
  silenceMs: 15_000,
  /** How long the server has to answer a ping. */
  pongMs: 8_000,
  /** The same, after this process was suspended. */
  pongAfterSleepMs: 3_000,
  /** How long a closing handshake may take. */
  closeMs: 1_000,
  /** How long the HTTP request may take that finds out why no socket opens. */
  explainMs: 2_000,
  /** How long a client that was never connected waits for a socket before it sends that request. */
  explainAfterMs: 1_000,
  /** How much longer its socket may take when what answers is not Roomline. */
  explainGraceMs: 600,
  /** How long an `auth` function may take. */
  authMs: 30_000,
  /** How long before its end a session is renewed; at half of its time if that is later. */
  renewBeforeMs: 5 * 60_000,
  /** How often the outbox is checked for messages of another client. */
  outboxCheckMs: 3_000,
  /** The most calls that the server accepts in one frame, and the most bytes of UTF-8. */
  frameCalls: 1_000,
  frameBytes: 1024 * 1024,
}

export type Timings = typeof defaultTimings
