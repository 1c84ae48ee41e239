import { createContext, useContext, useState, useSyncExternalStore } from 'react'
import { hasVisibleCharacter } from '../../../contract/visible-text'
import type { Chat, ChatRoom, Message } from '../../../sdk'
import { fieldError, useAct } from '../../ui/act'
import { Button } from '../../ui/button'
import { hasHoveringPointer } from '../../ui/media'
import { useMessageActs } from '../messages/message-acts'
import type { CompletionSources } from './completion'
import { Composer } from './composer'
import { type Drafts, isChanged } from './drafts'

/** Where messages are shown that can be edited: a room, or one of its threads. Each has an edit of its own. */
export interface WritingPlace {
  place: string
  drafts: Drafts
  client: Chat
  handle: ChatRoom
  sources: CompletionSources
}

const PlaceContext = createContext<WritingPlace | null>(null)
/** Give it a value that stays the same. */
export const WritingPlaceProvider = PlaceContext.Provider
export const useWritingPlace = (): WritingPlace | null => useContext(PlaceContext)

/** The edit that was opened last, until its field has taken the focus. A field that scrolls into view must not take it. */
let toFocus: string | null = null

/** Begins to edit a message in its place, with the changes of an earlier edit that was not saved. */
export function openEdit(drafts: Drafts, place: string, { seq, text }: Pick<Message, 'seq' | 'text'>) {
  const { edit } = drafts.in(place).get()
  toFocus = `${place} ${seq}`
  drafts.update(place, { edit: edit?.seq === seq && isChanged(edit) ? { ...edit, isOpen: true } : { seq, from: text, text, isOpen: true } })
}

const nothing = () => () => {}

/** Whether a message is being edited in this place. */
export function useIsEdited(seq: number): boolean {
  const at = useContext(PlaceContext)
  const store = at?.drafts.in(at.place)
  return useSyncExternalStore(
    store?.subscribe ?? nothing,
    () => {
      const edit = store?.get().edit
      return edit?.seq === seq && edit.isOpen
    },
    () => false,
  )
}

/** Takes the place of a message's text while it is edited. What is typed is in the draft, not in here. */
export function MessageEditor({ message }: { message: Message }) {
  const at = useContext(PlaceContext)
  if (!at) throw new Error('A message is edited outside of a room')
  const { place, drafts, handle, sources } = at
  const store = drafts.in(place)
  const edit = useSyncExternalStore(store.subscribe, store.get, store.get).edit
  const { focusComposer } = useMessageActs()
  const { pending, failure, run, dismiss } = useAct()
  const [takesFocus] = useState(() => {
    const isOpened = toFocus === `${place} ${message.seq}`
    if (isOpened) toFocus = null
    return isOpened
  })
  if (!edit || edit.seq !== message.seq) return null

  function close(kept: typeof edit) {
    drafts.update(place, { edit: kept })
    if (hasHoveringPointer()) focusComposer()
  }

  function save(text: string) {
    if (text === message.text) return close(null)
    void run(async () => {
      await handle.edit(message.seq, text)
      close(null)
    })
  }

  const isBehind = message.text !== edit.from
  return (
    <div className="py-1">
      {failure && (
        <p role="alert" className="mb-1.5 text-danger text-sm">
          Not saved. {fieldError(failure, 'text', 'The text') ?? failure.words} Your changes are still here.
        </p>
      )}
      <Composer
        label="Edit message"
        text={edit.text}
        isEdit
        about={edit.seq}
        takesFocus={takesFocus}
        isBlocked={pending}
        sources={sources}
        onChange={(text) => {
          dismiss()
          drafts.update(place, { edit: { ...edit, text } })
        }}
        onSubmit={save}
        onCancel={() => close(isChanged(edit) ? { ...edit, isOpen: false } : null)}
        hint={
          <div className="mt-1 flex flex-wrap items-center gap-x-2 text-soft text-xs">
            <p className="min-w-0 flex-1">
              {isBehind
                ? 'This message has changed since you began. Saving replaces it with your text.'
                : hasVisibleCharacter(edit.text)
                  ? 'Enter saves, Esc keeps your changes for later.'
                  : "An empty message can't be saved. You can remove it instead."}
            </p>
            <Button look="quiet" onClick={() => close(null)} className="px-2! mouse:min-h-7!">
              {isChanged(edit) ? 'Discard changes' : 'Cancel editing'}
            </Button>
          </div>
        }
      />
    </div>
  )
}
