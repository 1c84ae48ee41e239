import { useEffect, useState } from 'react'

/**
 * Opens a handle in an effect, and closes it when `open` changes or the component is unmounted. Null until the first effect.
 * @example const list = useHandle(useCallback(() => client.rooms.open(), [client]))
 */
export function useHandle<Handle extends { close(): void }>(open: () => Handle | null): Handle | null {
  const [opened, setOpened] = useState<{ open: typeof open; handle: Handle | null } | null>(null)
  useEffect(() => {
    const handle = open()
    setOpened({ open, handle })
    return () => handle?.close()
  }, [open])
  return opened?.open === open ? opened.handle : null
}
