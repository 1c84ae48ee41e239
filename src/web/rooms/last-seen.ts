import { useState } from 'react'
import type { Room } from '../../sdk'

/** A room as it was last in the person's list: when it is gone from there, it still has its name. */
export function useLastSeen(id: string, listed: Room | undefined): Room | null {
  const [seen, setSeen] = useState<Room | null>(null)
  if (listed && listed !== seen) setSeen(listed)
  const last = listed ?? seen
  return last?.id === id ? last : null
}
