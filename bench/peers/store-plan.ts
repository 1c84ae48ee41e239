import type { WindowPlan } from '../send-window'

/** What the peers without a server of their own are to store, and where. */
export interface StorePlan extends WindowPlan {
  rooms: { id: string; authors: string[] }[]
}
