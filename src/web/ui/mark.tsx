/** Roomline's logo: a speech bubble with a line through it. */
export function Mark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" fill="none" aria-hidden="true" className={className}>
      <path
        className="fill-mark"
        d="M8 3h11a6.5 6.5 0 0 1 6.5 6.5v8A6.5 6.5 0 0 1 19 24h-6.5l-5.6 4.9a1 1 0 0 1-1.7-.75V23.5A6.5 6.5 0 0 1 1.5 17.5v-8A6.5 6.5 0 0 1 8 3Z"
      />
      <path className="stroke-spark" strokeWidth="3.6" strokeLinecap="round" d="M8 13.5h22.2" />
    </svg>
  )
}

/** The logo with the name. */
export function Wordmark() {
  return (
    <span className="flex items-center gap-2 font-semibold text-lg tracking-tight">
      <Mark className="size-6" />
      Roomline
    </span>
  )
}
