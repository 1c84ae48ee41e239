import { Button } from './button'

/** Shown at the edge of the page when a dialog or a panel couldn't be loaded or has failed. The page behind it still works. */
export function FailedPart({ onClose }: { onClose(): void }) {
  return (
    <div
      role="alert"
      className="fixed inset-x-3 bottom-3 z-40 flex flex-wrap items-center gap-x-4 gap-y-2 rounded-m border border-line bg-raised px-4 py-3 text-sm shadow-high md:left-auto md:max-w-96"
    >
      <p className="min-w-0 flex-1 basis-48">Couldn't open this. Check your connection, then reload the page if it keeps failing.</p>
      <Button look="outline" onClick={onClose}>
        Close
      </Button>
    </div>
  )
}
