import { Check, Copy } from 'lucide-react'
import { useRef, useState } from 'react'
import { Button } from '../ui/button'
import { inputLook } from '../ui/field'

/** A link that was just made. It is not kept, and so it can be copied only now. */
export function NewLink({ url }: { url: string }) {
  const [copied, setCopied] = useState(false)
  const field = useRef<HTMLInputElement>(null)

  async function copy() {
    field.current?.select()
    // Without the permission, or over plain HTTP, it stays selected for the keyboard.
    await navigator.clipboard?.writeText(url).then(
      () => setCopied(true),
      () => {},
    )
  }

  return (
    <div className="mt-3 rounded-m bg-accent-soft p-3">
      <div className="flex gap-2">
        <input
          ref={field}
          readOnly
          value={url}
          aria-label="Invitation link"
          onFocus={(event) => event.target.select()}
          className={inputLook}
        />
        <Button onClick={copy} className="shrink-0 md:min-h-10">
          {copied ? <Check aria-hidden="true" className="size-4" /> : <Copy aria-hidden="true" className="size-4" />}
          {copied ? 'Copied' : 'Copy'}
        </Button>
      </div>
      <p role="status" className="mt-2 text-sm text-soft">
        Copy it now: it is shown this once.
      </p>
    </div>
  )
}
