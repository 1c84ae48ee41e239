import { Check } from 'lucide-react'

/** Says that something was done. Rendered empty before, so that it is read out when it comes. */
export function Done({ children }: { children: string | null }) {
  return (
    <p role="status" className="flex min-w-0 flex-1 items-center gap-1.5 text-soft text-sm">
      {children && (
        <>
          <Check aria-hidden="true" className="size-4 shrink-0 text-accent" />
          {children}
        </>
      )}
    </p>
  )
}
