/** The way to the outside issuer that people can sign in with. A link, so that it works without JavaScript. */
export function OutsideSignIn({ issuerName, next }: { issuerName: string; next: string }) {
  return (
    <div className="mt-5 space-y-5">
      <p className="flex items-center gap-3 text-soft text-sm before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line">
        or
      </p>
      <a
        href={next === '/' ? '/api/oidc/start' : `/api/oidc/start?next=${encodeURIComponent(next)}`}
        className="flex min-h-11 items-center justify-center rounded-m border border-line-strong bg-raised px-4 text-center font-medium text-ink text-sm transition-colors duration-(--swift) hover:bg-hover mouse:min-h-9"
      >
        <span className="min-w-0 break-words">Sign in with {issuerName}</span>
      </a>
    </div>
  )
}
