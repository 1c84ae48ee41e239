import type { WindowPlan } from '../send-window'

/** What the peers that only store messages have to store. */
export interface StorePlan extends WindowPlan {
  rooms: { id: string; authors: string[] }[]
}
