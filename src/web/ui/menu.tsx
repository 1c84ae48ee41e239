import clsx from 'clsx'
import { Check } from 'lucide-react'
import * as Radix from 'radix-ui/dropdown-menu'
import type { ComponentProps, ReactNode } from 'react'
import { useLandmark } from './landmark'

export function MenuContent({ className, ...props }: ComponentProps<typeof Radix.Content>) {
  const [landmark, place] = useLandmark()
  return (
    <>
      {place}
      {landmark && (
        <Radix.Portal container={landmark}>
          <Radix.Content
            align="end"
            sideOffset={6}
            collisionPadding={8}
            className={clsx(
              'menu z-20 max-h-(--radix-dropdown-menu-content-available-height) min-w-52 max-w-[min(20rem,92vw)] overflow-y-auto rounded-m border border-line bg-raised p-1 shadow-high',
              className,
            )}
            {...props}
          />
        </Radix.Portal>
      )}
    </>
  )
}

const itemLook =
  'flex min-h-11 cursor-pointer items-center gap-2.5 rounded-s px-2.5 text-sm outline-none data-disabled:cursor-default data-highlighted:bg-selected data-disabled:text-faint mouse:min-h-8 [&>svg]:size-4 [&>svg]:shrink-0'

interface MenuItemProps extends ComponentProps<typeof Radix.Item> {
  icon?: ReactNode
  danger?: boolean
}

export function MenuItem({ icon, danger = false, children, ...props }: MenuItemProps) {
  return (
    <Radix.Item className={clsx(itemLook, danger ? 'text-danger' : '[&>svg]:text-faint')} {...props}>
      {icon}
      {children}
    </Radix.Item>
  )
}

export function MenuChoice({ children, ...props }: ComponentProps<typeof Radix.RadioItem>) {
  return (
    <Radix.RadioItem className={itemLook} {...props}>
      <span className="size-4 shrink-0">
        <Radix.ItemIndicator>
          <Check aria-hidden="true" className="size-4 text-accent" />
        </Radix.ItemIndicator>
      </span>
      {children}
    </Radix.RadioItem>
  )
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <Radix.Label className="px-2.5 pt-2 pb-1 font-medium text-faint text-xs">{children}</Radix.Label>
}

export function MenuLine() {
  return <Radix.Separator className="mx-2.5 my-1 h-px bg-line" />
}
