import { createContext, useCallback, useContext, useEffect, useMemo, useSyncExternalStore } from 'react'
import { readInOneLine } from '../../../contract/markdown/plain-blocks'
import { readPlainParagraph } from '../../../contract/markdown/plain-paragraph'
import type { Block } from '../../../contract/markdown/tree'
import type { ParsedTexts } from './parsed-texts'

/** It is large, and the page has its first messages without it: so it comes after them. */
type TextParser = typeof import('./loaded-parser')

let parser: TextParser | null = null
let loading: Promise<void> | null = null
const listeners = new Set<() => void>()

/** Loads the parser, once. When that fails, the next call tries again. */
export function loadTextParser(): Promise<void> {
  loading ??= import('./loaded-parser').then(
    (loaded) => {
      parser = loaded
      for (const listener of [...listeners]) listener()
    },
    () => {
      loading = null
    },
  )
  return loading
}

const soonMs = 2_000

/** Loads it when the page has been there for a moment, so that it does not wait for it. @returns a function that calls this off */
export function loadTextParserSoon(): () => void {
  const timer = setTimeout(() => void loadTextParser(), soonMs)
  return () => clearTimeout(timer)
}

function subscribe(listener: () => void) {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

const readParser = () => parser

/** The parser; null until it is loaded. */
export const useTextParser = (): TextParser | null => useSyncExternalStore(subscribe, readParser, readParser)

export const noTexts: ParsedTexts = {}
const ParsedContext = createContext(noTexts)
/** Gives what the server has parsed to the messages below. */
export const ParsedTextsProvider = ParsedContext.Provider

/** Reads texts with their formatting. Until the parser is loaded, one that needs it is shown as it was typed. */
function useTextReader(): (text: string) => readonly Block[] {
  const parsed = useContext(ParsedContext)
  const loaded = useTextParser()
  return useCallback(
    (text) => {
      const known = readPlainParagraph(text) ?? (Object.hasOwn(parsed, text) ? parsed[text] : undefined) ?? loaded?.parseText(text)
      if (known) return known
      // Anyone would see what is hidden in it.
      const shown = text.includes('||') ? text.replace(/\S/gu, '▒') : text
      return [{ type: 'paragraph', children: [{ type: 'text', text: shown }] }]
    },
    [parsed, loaded],
  )
}

function useLoadingFor(text: string) {
  const parsed = useContext(ParsedContext)
  useEffect(() => {
    if (readPlainParagraph(text) === null && !Object.hasOwn(parsed, text)) void loadTextParser()
  }, [text, parsed])
}

export function useParsedText(text: string): readonly Block[] {
  const read = useTextReader()
  useLoadingFor(text)
  return useMemo(() => read(text), [read, text])
}

/** A text in one line, as it reads without its formatting. */
export function usePlainText(text: string): string {
  const read = useTextReader()
  useLoadingFor(text)
  return useMemo(() => readInOneLine(text, read), [read, text])
}
