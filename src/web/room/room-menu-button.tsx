import { Ellipsis } from 'lucide-react'
import { type ComponentProps, lazy, Suspense, useState } from 'react'
import { IconButton } from '../ui/button'

const loadMenu = () => import('./room-menu')
const LoadedMenu = lazy(loadMenu)

/** Stands where the room's menu will be, and brings the menu when it is pressed. */
export function RoomMenu({ name, onLeave }: { name: string; onLeave(): void }) {
  const [wanted, setWanted] = useState(false)
  const button = (
    <RoomMenuButton
      name={name}
      aria-haspopup="menu"
      aria-expanded={false}
      onPointerEnter={loadMenu}
      onFocus={loadMenu}
      onClick={() => setWanted(true)}
    />
  )
  return wanted ? (
    <Suspense fallback={button}>
      <LoadedMenu name={name} onLeave={onLeave} />
    </Suspense>
  ) : (
    button
  )
}

export function RoomMenuButton({ name, ...props }: { name: string } & Omit<ComponentProps<typeof IconButton>, 'label' | 'children'>) {
  return (
    <IconButton label={`More about ${name}`} {...props}>
      <Ellipsis />
    </IconButton>
  )
}
