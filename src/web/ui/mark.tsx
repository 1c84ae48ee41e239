'use client'

import { useServerIdentity } from './server-identity'

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

/** The server's logo with its name. */
export function Wordmark() {
  const { name, logo } = useServerIdentity()
  return (
    <span className="flex min-w-0 items-center gap-2 font-semibold text-lg tracking-tight">
      {logo ? <LogoImage path={logo} className="size-7" /> : <Mark className="size-6 shrink-0" />}
      <bdi className="truncate">{name}</bdi>
    </span>
  )
}

/** The image that an admin chose. @param path also a data URL */
export function LogoImage({ path, className = '' }: { path: string; className?: string }) {
  // biome-ignore lint/performance/noImgElement: it is small already, and Next's image route would only copy it
  return <img src={path} alt="" className={`shrink-0 rounded-s object-contain ${className}`} />
}
