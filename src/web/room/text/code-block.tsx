import { Check, Copy } from 'lucide-react'
import { Fragment, useEffect, useRef, useState } from 'react'
import { copyText } from '../../ui/clipboard'
import type { CodePiece } from './highlight'
import { languageOf } from './languages'

interface CodeBlockProps {
  text: string
  /** As its author named it. */
  language: string | null
}

/** Code in a box of its own, that scrolls inside it. */
export function CodeBlock({ text, language }: CodeBlockProps) {
  const known = languageOf(language)
  const lines = useHighlighted(text, known?.id ?? null)
  return (
    <div className="my-1 overflow-hidden rounded-m border border-line bg-canvas">
      <div className="flex min-h-8 items-center justify-between gap-2 border-line border-b ps-3 pe-1 text-faint text-xs">
        <span>{known?.name ?? language ?? 'Code'}</span>
        <CopyCode text={text} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keyboard can scroll it */}
      <pre tabIndex={0} dir="ltr" className="code overflow-x-auto px-3 py-2 text-start outline-offset-[-2px]">
        <code>
          {lines === null
            ? text
            : lines.map((pieces, line) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: lines of code have no other identity
                <Fragment key={line}>
                  {line > 0 && '\n'}
                  {pieces.map(({ text: piece, look }, index) =>
                    look === null ? (
                      piece
                    ) : (
                      // biome-ignore lint/suspicious/noArrayIndexKey: pieces of code have no other identity
                      <span key={index} className={`code-${look}`}>
                        {piece}
                      </span>
                    ),
                  )}
                </Fragment>
              ))}
        </code>
      </pre>
    </div>
  )
}

/** Null until it is highlighted, and for languages that are not known. */
function useHighlighted(text: string, language: string | null): CodePiece[][] | null {
  const [result, setResult] = useState<{ text: string; language: string; lines: CodePiece[][] } | null>(null)
  useEffect(() => {
    if (language === null) return
    let isCurrent = true
    void import('./highlight')
      .then(({ highlight }) => highlight(text, language))
      .then((lines) => {
        if (isCurrent && lines) setResult({ text, language, lines })
      })
      // Without colours it can be read too.
      .catch(() => {})
    return () => {
      isCurrent = false
    }
  }, [text, language])
  return result?.text === text && result.language === language ? result.lines : null
}

const shownMs = 2_000

function CopyCode({ text }: { text: string }) {
  const [isCopied, setCopied] = useState(false)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])

  async function copy() {
    const isDone = await copyText(text).then(
      () => true,
      () => false,
    )
    if (!isDone) return
    setCopied(true)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => setCopied(false), shownMs)
  }

  const Icon = isCopied ? Check : Copy
  return (
    <button
      type="button"
      onClick={copy}
      aria-label={isCopied ? 'Copied' : 'Copy code'}
      className="inline-flex min-h-11 items-center gap-1.5 rounded-s px-2 font-medium text-soft hover:bg-hover hover:text-ink mouse:min-h-6"
    >
      <Icon aria-hidden="true" className="size-3.5" />
      <span aria-live="polite">{isCopied ? 'Copied' : 'Copy'}</span>
    </button>
  )
}
