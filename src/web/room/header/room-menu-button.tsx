import { lazy, Suspense, useState } from 'react'
import { RoomMenuButton, type RoomMenuProps } from './room-menu-trigger'

const loadMenu = () => import('./room-menu')
const LoadedMenu = lazy(loadMenu)

/** Stands where the room's menu will be, and brings the menu when it is pressed. */
export function RoomMenu(props: RoomMenuProps) {
  const [wanted, setWanted] = useState(false)
  const button = (
    <RoomMenuButton
      name={props.room.name}
      aria-haspopup="menu"
      aria-expanded={false}
      onPointerEnter={loadMenu}
      onFocus={loadMenu}
      onClick={() => setWanted(true)}
    />
  )
  return wanted ? (
    <Suspense fallback={button}>
      <LoadedMenu {...props} />
    </Suspense>
  ) : (
    button
  )
}
