/** How many of each the data has. */
export interface Sizes {
  messages: number
  /** Half of all messages. */
  messagesInBigRoom: number
  rooms: number
  people: number
  membersOfBigRoom: number
  /** People who are in exactly `roomsOfRegular` rooms, the big one among them. They are the people 1, 2, 3 … */
  regulars: number
  roomsOfRegular: number
  /** Rooms of the one person who is in very many, the big one among them. It is the person after the regulars. */
  roomsOfCollector: number
  memberships: number
  /** Answers to one message of the big room. */
  answers: number
}

const full = 2_000_000

/** Everything grows with the messages, but never below what one page of each list shows. */
export function sizesFor(messages: number): Sizes {
  const scaled = (count: number, least: number) => Math.max(least, Math.round((count * messages) / full))
  return {
    messages,
    messagesInBigRoom: Math.floor(messages / 2),
    rooms: scaled(100_000, 200),
    people: scaled(22_000, 400),
    membersOfBigRoom: scaled(20_000, 300),
    regulars: scaled(2_000, 20),
    roomsOfRegular: 100,
    roomsOfCollector: scaled(5_000, 150),
    memberships: scaled(403_000, 1_000),
    answers: scaled(2_000, 40),
  }
}
