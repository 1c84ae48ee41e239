import type { QueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { readFailure } from '../../sdk'

/** Whether the server has refused to show something because the viewer is no admin any more. */
export function useLostRight(queries: QueryClient): boolean {
  const [isLost, setIsLost] = useState(false)
  useEffect(
    () =>
      queries.getQueryCache().subscribe(({ query }) => {
        if (query.state.error && readFailure(query.state.error).name === 'NOT_ALLOWED') setIsLost(true)
      }),
    [queries],
  )
  return isLost
}
