import { type ReactNode, useState } from 'react'

/**
 * The part of the page that something belongs to, for what floats over the page: there a screen reader finds it, and a dialog
 * around it does not hide it.
 * @returns the landmark, null until `place` is rendered
 */
export function useLandmark(): [landmark: HTMLElement | null, place: ReactNode] {
  const [landmark, setLandmark] = useState<HTMLElement | null>(null)
  const find = (element: HTMLElement | null) => {
    if (element) setLandmark(element.closest<HTMLElement>('[role="dialog"], main, aside') ?? document.body)
  }
  return [landmark, <span key="place" ref={find} hidden />]
}
