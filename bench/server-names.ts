export const serverNames = ['roomline', 'ws', 'socketio', 'trpc'] as const

export type ServerName = (typeof serverNames)[number]
