'use client'

export * from '../index'
export {
  useLoadedMembers as useMembers,
  useLoadedMessages as useMessages,
  useLoadedRoom as useRoom,
  useLoadedRooms as useRooms,
  useLoadedThread as useThread,
  useLoadedUnread as useUnread,
} from '../loaded'
