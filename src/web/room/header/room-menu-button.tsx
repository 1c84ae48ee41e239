import { Ellipsis } from 'lucide-react'
import { type ComponentProps, lazy, Suspense, useState } from 'react'
import { IconButton } from '../../ui/button'
import type { RoomMenuProps } from './room-menu'

const loadMenu = () => import('./room-menu')
const LoadedMenu = lazy(loadMenu)

/** The menu's button. The menu itself is loaded when the button is pressed. */
export function RoomMenu(props: Omit<RoomMenuProps, 'trigger'>) {
  const [isRequested, setRequested] = useState(false)
  const { name } = props.room
  const button = (
    <MoreButton
      name={name}
      aria-haspopup="menu"
      aria-expanded={false}
      onPointerEnter={loadMenu}
      onFocus={loadMenu}
      onClick={() => setRequested(true)}
    />
  )
  return isRequested ? (
    <Suspense fallback={button}>
      <LoadedMenu {...props} trigger={<MoreButton name={name} />} />
    </Suspense>
  ) : (
    button
  )
}

function MoreButton({ name, ...props }: { name: string } & Omit<ComponentProps<typeof IconButton>, 'label' | 'children'>) {
  return (
    <IconButton label={`More actions for ${name}`} {...props}>
      <Ellipsis />
    </IconButton>
  )
}
