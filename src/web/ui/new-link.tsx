import { Check, Copy } from 'lucide-react'
import { useRef, useState } from 'react'
import { Button } from './button'
import { inputLook } from './fields'

interface NewLinkProps {
  /** What the link is. */
  label: string
  url: string
  /** What else there is to know, after the advice to copy it now. */
  note?: string
}

/** A link that was just made. The server stores only its hash, so it can't be shown again. */
export function NewLink({ label, url, note }: NewLinkProps) {
  const [copied, setCopied] = useState(false)
  const field = useRef<HTMLInputElement>(null)

  async function copy() {
    field.current?.select()
    // Without permission, or over plain HTTP, the text stays selected so that it can be copied with the keyboard.
    await navigator.clipboard?.writeText(url).then(
      () => setCopied(true),
      () => {},
    )
  }

  return (
    <div className="mt-3 rounded-m bg-accent-soft p-3">
      <div className="flex gap-2">
        <input ref={field} readOnly value={url} aria-label={label} onFocus={(event) => event.target.select()} className={inputLook} />
        <Button onClick={copy} className="shrink-0 md:min-h-10">
          {copied ? <Check aria-hidden="true" className="size-4" /> : <Copy aria-hidden="true" className="size-4" />}
          {copied ? 'Copied' : 'Copy'}
        </Button>
      </div>
      <p role="status" className="mt-2 text-sm text-soft">
        Copy it now. You won't see it again.{note && ` ${note}`}
      </p>
    </div>
  )
}
