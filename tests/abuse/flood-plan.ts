/** What the flooder is told to do, over IPC. */
export interface FloodPlan {
  port: number
  over: 'WebSocket' | 'HTTP'
  /** The name of a dose, or `connects`: handshakes only, again and again. */
  kind: string
  sockets: number
  /** Null for sockets without a person. */
  cookie: string | null
  /** The address that it comes from, in 127.0.0.0/8. */
  from: string
}

/** What it did. */
export interface FloodResult {
  bytes: number
  opened: number
  /**
   * How often what happened to its sockets: over WebSocket their close codes, 0 without one, and the statuses of refused
   * handshakes; over HTTP the statuses of the answers, and `closed`.
   */
  outcomes: Record<string, number>
}
