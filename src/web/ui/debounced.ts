import { useEffect, useState } from 'react'

/** The value as it was when it last stayed the same for `ms` milliseconds. */
export function useDebounced<Value>(value: Value, ms = 200): Value {
  const [debounced, setDebounced] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setDebounced(value), ms)
    return () => clearTimeout(timer)
  }, [value, ms])
  return debounced
}
