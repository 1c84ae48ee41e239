import { describe, expect, it } from 'vitest'
import { isKey, keyGroups, keysOf } from '../../src/web/keys/key-table'

const press = (key: string, ...modifiers: ('alt' | 'ctrl' | 'meta' | 'shift')[]) => ({
  key,
  altKey: modifiers.includes('alt'),
  ctrlKey: modifiers.includes('ctrl'),
  metaKey: modifiers.includes('meta'),
  shiftKey: modifiers.includes('shift'),
})

describe('the table of keys', () => {
  it('answers to its combination and to no other', () => {
    expect(isKey(press('k', 'ctrl'), 'search', false)).toBe(true)
    expect(isKey(press('K', 'ctrl'), 'search', false)).toBe(true)
    expect(isKey(press('k', 'meta'), 'search', true)).toBe(true)
    expect(isKey(press('k', 'ctrl'), 'search', true)).toBe(false)
    expect(isKey(press('k', 'ctrl', 'shift'), 'search', false)).toBe(false)
    expect(isKey(press('ArrowDown', 'alt'), 'nextRoom', false)).toBe(true)
    expect(isKey(press('ArrowDown', 'alt', 'shift'), 'nextRoom', false)).toBe(false)
    expect(isKey(press('ArrowDown', 'alt', 'shift'), 'nextUnread', false)).toBe(true)
    // With and without Shift: keyboards differ.
    expect(isKey(press('?', 'shift'), 'showKeys', false)).toBe(true)
    expect(isKey(press('?'), 'showKeys', false)).toBe(true)
    expect(isKey(press('?', 'alt'), 'showKeys', false)).toBe(false)
  })

  it('is written as the keyboard says it', () => {
    expect(keysOf('Mod+K', false)).toEqual(['Ctrl', 'K'])
    expect(keysOf('Mod+K', true)).toEqual(['⌘', 'K'])
    expect(keysOf('Alt+Shift+ArrowUp', false)).toEqual(['Alt', 'Shift', '↑'])
  })

  it('has no combination twice in a group, and words for each', () => {
    for (const { shortcuts } of keyGroups) {
      const all = Object.values(shortcuts).flatMap(({ keys }) => keys)
      expect(new Set(all).size).toBe(all.length)
      for (const { words } of Object.values(shortcuts)) expect(words).toMatch(/^[A-Z]/)
    }
  })
})
