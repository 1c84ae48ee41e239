import type { TestProject } from 'vitest/node'
import { enter, startFreshWhole } from './whole'

export interface SharedRoomline {
  webUrl: string
  realtimeUrl: string
  dataDir: string
  /** Of `first-admin`, who may do everything. */
  adminCookie: string
}

declare module 'vitest' {
  interface ProvidedContext {
    /** One for each worker, so that two files that run at once do not meet in the general room. */
    roomlines: SharedRoomline[]
  }
}

/** Starts the whole Roomlines that the browser tests share. No test may kill or reconfigure them. */
export default async function setup(project: TestProject) {
  const workers = Array.from({ length: project.config.maxWorkers ?? 1 })
  const started = await Promise.all(workers.map(() => startFreshWhole()))
  // The first person on a server is its admin: nobody in a test should be that by chance.
  const shared = started.map(async (roomline): Promise<SharedRoomline> => {
    const { webUrl, realtimeUrl, dataDir } = roomline
    return { webUrl, realtimeUrl, dataDir, adminCookie: await enter(roomline, 'register', 'first-admin') }
  })
  project.provide('roomlines', await Promise.all(shared))
  return async () => {
    await Promise.all(started.map((roomline) => roomline[Symbol.asyncDispose]()))
    // They log warnings and errors only.
    for (const { output } of started) {
      for (const line of output().split('\n')) if (line.startsWith('{')) process.stdout.write(`${line}\n`)
    }
  }
}
