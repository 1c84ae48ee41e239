import { Ellipsis } from 'lucide-react'
import type { ComponentProps } from 'react'
import { IconButton } from '../../ui/button'

/** No higher than a line of text on a desk, so that the messages of one person stay close together. */
export const toolbarButtonLook = 'size-10! rounded-s! text-faint! mouse:text-soft! mouse:h-7! mouse:w-8! mouse:hover:bg-selected'

export function MoreButton({ author, ...props }: { author: string } & Omit<ComponentProps<typeof IconButton>, 'label' | 'children'>) {
  return (
    <IconButton label={`More actions for this message from ${author}`} {...props} className={toolbarButtonLook}>
      <Ellipsis />
    </IconButton>
  )
}
