import { useEffect, useRef } from 'react'

interface Layer {
  name: string
  close(): void
}

/** What lies over the page, the topmost last. */
const layers: Layer[] = []
const reopeners = new Map<string, () => void>()
/** What waits until the browser has left a layer's entry; null while it is not leaving one. */
let afterLeaving: (() => void)[] | null = null
let keepsEntry = false
let isListening = false

/**
 * Lets the browser's Back close what this component shows over the page: a drawer, a dialog, a sheet. However many are open,
 * they have one entry in the history, and it is gone once they are closed.
 * @param name by which `onReturnToLayer` knows it
 */
export function useLayer(onClose: () => void, name = 'layer') {
  const latest = useRef(onClose)
  latest.current = onClose
  useEffect(() => {
    const layer = { name, close: () => latest.current() }
    layers.push(layer)
    settleSoon()
    return () => {
      layers.splice(layers.indexOf(layer), 1)
      settleSoon()
    }
  }, [name])
}

/** Calls `reopen` when Back leads to the kept entry of this layer. @returns an unsubscribe function */
export function onReturnToLayer(name: string, reopen: () => void): () => void {
  listen()
  reopeners.set(name, reopen)
  return () => reopeners.delete(name)
}

/** Keeps the open layer's entry when the address changes next, so that Back returns to the layer. */
export function keepLayerEntry() {
  keepsEntry = nameOfEntry() !== null
}

/** Whether a new address should take the place of the current entry, because that is only a layer's. */
export function takesLayerEntry(): boolean {
  const takes = nameOfEntry() !== null && !keepsEntry
  keepsEntry = false
  return takes
}

/** Runs `act` once the browser has left the entry of a layer that was closed. @returns false if there is none: `act` is not run */
export function runAfterLeaving(act: () => void): boolean {
  afterLeaving?.push(act)
  return afterLeaving !== null
}

const nameOfEntry = (): string | null => (history.state as { layer?: string } | null)?.layer ?? null

/** After all effects of a change: one layer may have been replaced by another. */
function settleSoon() {
  listen()
  queueMicrotask(settle)
}

function settle() {
  if (afterLeaving) return
  const top = layers.at(-1)
  if (top && nameOfEntry() !== top.name) {
    history[nameOfEntry() === null ? 'pushState' : 'replaceState']({ ...history.state, layer: top.name }, '')
  } else if (!top && nameOfEntry() !== null) {
    afterLeaving = []
    history.back()
  }
}

function listen() {
  if (isListening) return
  isListening = true
  addEventListener('popstate', () => {
    const name = nameOfEntry()
    if (afterLeaving) {
      const acts = afterLeaving
      afterLeaving = null
      for (const act of acts) act()
      settle()
    } else if (name === null) layers.at(-1)?.close()
    else if (layers.length === 0) reopeners.get(name)?.()
  })
}
