import clsx from 'clsx'
import { type EmojiPickerListEmojiProps, EmojiPicker as Picker } from 'frimousse'
import { type KeyboardEvent, useRef, useState } from 'react'
import { Button } from '../../ui/button'
import { loadEmoji } from './emoji-data'
import type { EmojiFile } from './emoji-file'
import { QuickEmoji } from './emoji-grid'
import { keepSkinTone, noteRecentEmoji, readSkinTone, type SkinTone, skinTones } from './recent-emoji'

interface EmojiPickerProps {
  /** What picking one does, such as "React with". Its name follows. */
  action: string
  onPick(emoji: string): void
  /** With a finger, everything is larger. */
  isForTouch?: boolean
  className?: string
}

const modifiers: Record<SkinTone, string> = {
  none: '',
  light: '🏻',
  'medium-light': '🏼',
  medium: '🏽',
  'medium-dark': '🏾',
  dark: '🏿',
}
const toneNames: Record<SkinTone, string> = {
  none: 'No skin tone',
  light: 'Light skin tone',
  'medium-light': 'Medium-light skin tone',
  medium: 'Medium skin tone',
  'medium-dark': 'Medium-dark skin tone',
  dark: 'Dark skin tone',
}

/** All emoji: a search, those picked lately, and the rest by category. */
export function EmojiPicker({ action, onPick, isForTouch = false, className }: EmojiPickerProps) {
  const [skinTone, setSkinTone] = useState(readSkinTone)
  const [search, setSearch] = useState('')
  const [attempt, setAttempt] = useState(0)
  const [hasFailed, setFailed] = useState(false)
  const searchField = useRef<HTMLInputElement>(null)
  const [resolveEmojiData] = useState(() => async () => {
    try {
      return toPickerData(await loadEmoji())
    } catch (error) {
      setFailed(true)
      throw error
    }
  })

  function pick(emoji: string) {
    noteRecentEmoji(emoji)
    onPick(emoji)
  }

  /** Letters typed on an emoji go into the search. */
  function onKeyDown({ key, ctrlKey, metaKey, altKey, target }: KeyboardEvent) {
    if (key.length === 1 && key !== ' ' && !ctrlKey && !metaKey && !altKey && !(target instanceof HTMLInputElement)) {
      searchField.current?.focus()
    }
  }

  return (
    <Picker.Root
      key={attempt}
      columns={8}
      skinTone={skinTone}
      resolveEmojiData={resolveEmojiData}
      onEmojiSelect={({ emoji }) => pick(emoji)}
      onKeyDown={onKeyDown}
      className={clsx('isolate flex min-h-0 flex-col', className)}
    >
      <div className="flex items-center gap-1.5 pb-1.5">
        <Picker.Search
          ref={searchField}
          value={search}
          onChange={({ target }) => setSearch(target.value)}
          aria-label="Search emoji"
          placeholder="Search emoji"
          className="h-11 min-w-0 flex-1 rounded-s border border-line bg-canvas px-3 text-[1rem] outline-none placeholder:text-faint focus:border-accent mouse:h-9 mouse:text-base"
        />
        <select
          aria-label="Skin tone"
          title="Skin tone"
          value={skinTone}
          onChange={({ target }) => {
            const tone = target.value as SkinTone
            setSkinTone(tone)
            keepSkinTone(tone)
          }}
          className="emoji h-11 w-14 rounded-s border border-line bg-canvas px-2 text-lg mouse:h-9"
        >
          {skinTones.map((tone) => (
            <option key={tone} value={tone} aria-label={toneNames[tone]}>
              {`✋${modifiers[tone]}`}
            </option>
          ))}
        </select>
      </div>
      {search === '' && <QuickEmoji action={action} onPick={pick} className="border-line border-b pb-1.5" />}
      <Picker.Viewport className={clsx('relative min-h-0 outline-none', isForTouch ? 'h-[45dvh]' : 'h-64')}>
        {hasFailed ? (
          <div className="flex flex-col items-center gap-3 p-6 text-center text-soft text-sm">
            Couldn't load the emoji.
            <Button
              look="outline"
              onClick={() => {
                setFailed(false)
                setAttempt(attempt + 1)
              }}
            >
              Try again
            </Button>
          </div>
        ) : (
          <>
            <Picker.Loading className="late absolute inset-0 flex items-center justify-center text-faint text-sm">Loading…</Picker.Loading>
            <Picker.Empty className="absolute inset-0 flex items-center justify-center px-4 text-center text-faint text-sm [overflow-wrap:anywhere]">
              No emoji found
            </Picker.Empty>
          </>
        )}
        <Picker.List
          aria-label="All emoji"
          className="select-none pb-1"
          components={{ CategoryHeader, Row, Emoji: isForTouch ? LargeEmoji : SmallEmoji }}
        />
      </Picker.Viewport>
    </Picker.Root>
  )
}

function CategoryHeader({ category, className: _, ...props }: { category: { label: string }; className?: string }) {
  return (
    <div {...props} className="bg-raised px-1.5 pt-2 pb-1 font-medium text-faint text-xs">
      {category.label}
    </div>
  )
}

/** Frimousse counts from 0, which ARIA does not allow. It finds rows by their number, but scrolls to the first one without it. */
const rowProps = ({ 'aria-rowindex': row, ...props }: React.ComponentProps<'div'>) => ({ ...props, 'aria-rowindex': row || undefined })
const Row = (props: React.ComponentProps<'div'>) => <div {...rowProps(props)} />

type EmojiProps = Omit<EmojiPickerListEmojiProps, 'emoji'>
const emojiProps = ({ 'aria-colindex': column = 0, ...props }: EmojiProps) => ({ ...props, 'aria-colindex': column + 1 })

const emojiLook = 'emoji flex flex-1 basis-0 items-center justify-center rounded-s leading-none data-active:bg-selected'

const SmallEmoji = ({ emoji, ...props }: EmojiPickerListEmojiProps) => (
  <button type="button" title={emoji.label} {...emojiProps(props)} className={clsx(emojiLook, 'h-9 text-lg')}>
    {emoji.emoji}
  </button>
)

const LargeEmoji = ({ emoji, ...props }: EmojiPickerListEmojiProps) => (
  <button type="button" {...emojiProps(props)} className={clsx(emojiLook, 'h-11 text-2xl')}>
    {emoji.emoji}
  </button>
)

function toPickerData({ categories, emoji }: EmojiFile) {
  return {
    locale: 'en' as const,
    categories: categories.map((label, index) => ({ index, label: `${label.charAt(0).toUpperCase()}${label.slice(1)}` })),
    skinTones: {
      light: toneNames.light,
      'medium-light': toneNames['medium-light'],
      medium: toneNames.medium,
      'medium-dark': toneNames['medium-dark'],
      dark: toneNames.dark,
    },
    emojis: emoji.map(([emoji, label, category, tags, shortcodes, light]) => ({
      ...{ emoji, label, category, version: 1 },
      tags: `${tags} ${shortcodes}`.split(' ').filter((tag) => tag !== ''),
      skins: light ? skinsOf(light) : undefined,
    })),
  }
}

function skinsOf(light: string) {
  const inTone = (tone: SkinTone) => light.replaceAll(modifiers.light, modifiers[tone])
  return {
    light,
    'medium-light': inTone('medium-light'),
    medium: inTone('medium'),
    'medium-dark': inTone('medium-dark'),
    dark: inTone('dark'),
  }
}
