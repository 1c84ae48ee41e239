import { mkdtemp, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

const leastBytes = 4 * 1024 ** 3

/** Makes a folder in memory where there is enough: no test cuts the power, and a slow disk only makes the tests longer. */
export async function makeQuickFolder(prefix: string): Promise<string> {
  const memory = '/dev/shm'
  const { bavail = 0, bsize = 0 } = (await statfs(memory).catch(() => null)) ?? {}
  return mkdtemp(path.join(bavail * bsize > leastBytes ? memory : tmpdir(), prefix))
}
