'use client'
import { useEffect } from 'react'
import { signedOutCookie } from '../../contract/rules'
import { createRecentSearches } from '../palette/recent-searches'
import { createDrafts } from '../room/composer/drafts'

/**
 * Deletes what this browser keeps for a person who has signed out. The page that they left does not, because it cannot know
 * whether the sign-out was cancelled.
 * @returns the person's id; null when nobody has signed out since the last call
 */
export function forgetSignedOut(): string | null {
  const [, id] = new RegExp(`(?:^|; )${signedOutCookie}=([0-9a-f-]{36})(?:;|$)`).exec(document.cookie) ?? []
  if (id === undefined) return null
  createDrafts(id).clear()
  createRecentSearches(id).clear()
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is too new to lean on
  document.cookie = `${signedOutCookie}=; Path=/; Max-Age=0; SameSite=Lax`
  return id
}

export function ForgetSignedOut(): null {
  useEffect(() => void forgetSignedOut(), [])
  return null
}
