import clsx from 'clsx'
import { splitLinks } from './links'

/** What somebody wrote, as they wrote it: each line runs in its own script's direction. */
export function MessageText({ text, className }: { text: string; className?: string }) {
  return (
    <p
      dir="auto"
      className={clsx('max-w-[52rem] whitespace-pre-wrap text-start [overflow-wrap:anywhere] [unicode-bidi:plaintext]', className)}
    >
      {splitLinks(text).map((part, index) =>
        typeof part === 'string' ? (
          part
        ) : (
          <a
            // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text have no other identity
            key={index}
            href={part.url}
            target="_blank"
            rel="noopener noreferrer"
            className="text-accent underline decoration-accent/40 underline-offset-3 hover:decoration-current"
          >
            {part.url}
          </a>
        ),
      )}
    </p>
  )
}
