import { summarise } from './figures'
import { drawPanels, type Panel } from './growth-plot'
import { growthOf, measuredGrowth } from './measurements/data-growth'
import type { Reading } from './reading'

const colors = ['#2563eb', '#d97706', '#059669', '#dc2626', '#7c3aed']

const panels: Record<string, Record<string, string>> = {
  reading: {
    'chat.history, in the middle': 'history',
    'rooms.list of 100 rooms': 'list of 100',
    'rooms.members, middle page': 'members',
    'users.search': 'people search',
  },
  acting: {
    'chat.markRead': 'mark read',
    'rooms.join': 'join',
    'chat.react': 'react',
    'chat.edit of a message with 40 answers': 'edit',
  },
}

/** Draws how long calls take against the number of messages, with logarithmic axes. */
export function drawDataGrowth(readings: readonly Reading[]): string {
  const { sizes } = measuredGrowth(readings)
  const drawn = Object.entries(panels).map(
    ([title, names]): Panel => ({
      title,
      lines: Object.entries(names).map(([name, label], index) => ({
        name: label,
        color: colors[index] ?? '',
        points: sizes
          .map((messages) => ({ x: messages, y: summarise(growthOf(readings, name, messages, 'p50Ms'))?.median ?? Number.NaN }))
          .filter(({ y }) => Number.isFinite(y)),
      })),
    }),
  )
  return drawPanels(
    'Time of calls against the number of messages',
    'p50 in ms against messages in the database, both axes logarithmic',
    drawn,
  )
}
