import type { PostingPolicy, Room } from '../../sdk'

type Settings = Pick<Room, 'name' | 'topic' | 'postingPolicy' | 'slowModeSeconds'>

/** What a form of room settings changes, and nothing that stays as it is: somebody else may be changing that. */
export function changesOf(room: Settings, form: FormData): Partial<Settings> {
  const name = String(form.get('name')).trim()
  const topic = String(form.get('topic')).trim()
  const postingPolicy: PostingPolicy = form.get('postingPolicy') === 'moderators' ? 'moderators' : 'everyone'
  const slowModeSeconds = Number(form.get('slowModeSeconds'))
  return {
    ...(name !== room.name && { name }),
    ...(topic !== room.topic && { topic }),
    ...(postingPolicy !== room.postingPolicy && { postingPolicy }),
    ...(slowModeSeconds !== room.slowModeSeconds && { slowModeSeconds }),
  }
}
