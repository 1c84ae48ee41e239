import type { NewsBus, PersonNews, RoomNews } from './news-bus'

/** Where changes are announced to the other nodes, and to this one. */
export interface AnnounceNeeds {
  bus: Pick<NewsBus<RoomNews>, 'publish'>
  personBus: Pick<NewsBus<PersonNews>, 'publish'>
}

/** Announces changes to everybody who follows the room, in the order given. Never throws, and nobody waits for it. */
export function announceToRoom({ bus }: Pick<AnnounceNeeds, 'bus'>, room: string, news: readonly RoomNews[]): void {
  for (const entry of news) bus.publish(room, entry)
}

/** Announces to these people's devices that something about the room has changed for them. Never throws. */
export function announceToPeople({ personBus }: Pick<AnnounceNeeds, 'personBus'>, room: string, userIds: Iterable<string>): void {
  for (const userId of userIds) personBus.publish(userId, { type: 'room', room })
}
