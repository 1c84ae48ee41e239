import { createContext, useContext, useEffect, useMemo, useSyncExternalStore } from 'react'
import { plainBlocks } from '../../../contract/markdown/plain-blocks'
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

/** A text with its formatting. Until the parser is loaded, one that needs it is shown as it was typed. */
export function useParsedText(text: string): readonly Block[] {
  const parsed = useContext(ParsedContext)
  const loaded = useTextParser()
  const known = useMemo(
    () => readPlainParagraph(text) ?? (Object.hasOwn(parsed, text) ? parsed[text] : undefined) ?? loaded?.parseText(text),
    [text, parsed, loaded],
  )
  const isMissing = known === undefined
  useEffect(() => {
    if (isMissing) void loadTextParser()
  }, [isMissing])
  return useMemo(() => known ?? [{ type: 'paragraph', children: [{ type: 'text', text }] }], [known, text])
}

/** A text in one line, as it reads without its formatting. */
export const usePlainText = (text: string): string => plainBlocks(useParsedText(text))
