import { useState } from 'react'
import { DoneLine } from '../ui/act'
import { Button } from '../ui/button'

/** Shown once. */
export function RecoveryCodeList({ codes, onDone }: { codes: readonly string[]; onDone(): void }) {
  const [copied, setCopied] = useState<string | null>(null)

  async function copy() {
    await navigator.clipboard?.writeText(codes.join('\n')).then(
      () => setCopied('Copied.'),
      () => setCopied(null),
    )
  }

  return (
    <div className="space-y-4">
      <p className="text-pretty text-soft text-sm">
        If you lose your phone, sign in with one of these instead of a code from the app. Each works once. Keep them somewhere safe: they
        won't be shown again.
      </p>
      <ul
        aria-label="Recovery codes"
        className="grid select-text grid-cols-1 gap-x-6 gap-y-1.5 rounded-m bg-canvas p-3 font-mono text-sm min-[24rem]:grid-cols-2"
      >
        {codes.map((code) => (
          <li key={code} className="select-all">
            {code}
          </li>
        ))}
      </ul>
      <div className="flex flex-wrap items-center gap-2">
        <DoneLine>{copied}</DoneLine>
        <Button look="outline" onClick={copy}>
          Copy
        </Button>
        <Button onClick={onDone}>I've saved them</Button>
      </div>
    </div>
  )
}
