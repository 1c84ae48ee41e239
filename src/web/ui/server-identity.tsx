'use client'

import { createContext, type ReactNode, useContext, useMemo, useState } from 'react'

/** The server's name and logo, as its admins set them. */
export interface ServerIdentity {
  name: string
  /** The path of the logo on this server; null for Roomline's own. */
  logo: string | null
}

interface Known extends ServerIdentity {
  change(identity: ServerIdentity): void
}

const Place = createContext<Known>({ name: 'Roomline', logo: null, change: () => {} })

export function ServerIdentityProvider({ initial, children }: { initial: ServerIdentity; children: ReactNode }) {
  const [{ name, logo }, change] = useState(initial)
  const known = useMemo(() => ({ name, logo, change }), [name, logo])
  return <Place value={known}>{children}</Place>
}

/** `change` shows a new name and logo on this page at once; other pages show them when they are loaded. */
export const useServerIdentity = () => useContext(Place)
