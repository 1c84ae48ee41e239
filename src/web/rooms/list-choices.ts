import { useSyncExternalStore } from 'react'
import { createStore, type Store } from '../../sdk/store'
import { listSections, type RoomOrder, type SectionName } from './room-order'

/** How a person wants their room list, kept in their browser. */
export interface ListChoices {
  order: RoomOrder
  folded: readonly SectionName[]
}

export interface ChosenList {
  state: Store<ListChoices>
  choose(change: Partial<ListChoices>): void
}

const usual: ListChoices = { order: 'name', folded: [] }

/**
 * @param owner the person's id
 * @param storage called only when needed: there is none on the server, and a browser may deny access
 */
export function createListChoices(owner: string, storage: () => Pick<Storage, 'getItem' | 'setItem'> = () => localStorage): ChosenList {
  const key = `roomline-room-list/${owner}`
  const state = createStore(read())
  return {
    state,
    choose: (change) => {
      state.set({ ...state.get(), ...change })
      try {
        storage().setItem(key, JSON.stringify(state.get()))
      } catch {
        // Without storage, choices last until the page is closed.
      }
    },
  }

  function read(): ListChoices {
    try {
      const { order, folded } = JSON.parse(storage().getItem(key) ?? '') as Partial<Record<keyof ListChoices, unknown>>
      return {
        order: order === 'latest' ? 'latest' : 'name',
        folded: Array.isArray(folded) ? listSections.filter((name) => folded.includes(name)) : [],
      }
    } catch {
      return usual
    }
  }
}

/** What the person has chosen. The HTML from the server is as usual: only the browser knows more. */
export const useListChoices = ({ state }: ChosenList): ListChoices => useSyncExternalStore(state.subscribe, state.get, () => usual)
