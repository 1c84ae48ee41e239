import { constants, setPriority } from 'node:os'
import type { FloodPlan, FloodResult } from './flood-plan'
import { floodHttp } from './http-flood'
import { floodSockets } from './socket-flood'

/** A process of its own, with low priority: on a small machine the flood must not take the processor from the control client. */
setPriority(constants.priority.PRIORITY_LOW)
process.on('disconnect', () => process.exit())

let stop: (() => FloodResult) | null = null
process.on('message', (message: { flood: FloodPlan } | { stop: true }) => {
  if ('flood' in message) {
    stop = message.flood.over === 'HTTP' ? floodHttp(message.flood) : floodSockets(message.flood)
    process.send?.({ started: true })
  } else process.send?.({ result: stop?.() })
})
process.send?.({ ready: true })
