export const itemLook =
  'flex min-h-11 cursor-pointer items-center gap-2.5 rounded-m px-3 text-sm data-[selected=true]:bg-selected mouse:min-h-9 [&>svg]:size-4 [&>svg]:shrink-0 [&>svg]:text-faint'

export const groupLook =
  'px-2 pb-2 [&>[cmdk-group-heading]]:px-3 [&>[cmdk-group-heading]]:pt-2 [&>[cmdk-group-heading]]:pb-1 [&>[cmdk-group-heading]]:font-medium [&>[cmdk-group-heading]]:text-faint [&>[cmdk-group-heading]]:text-xs'
