import { spawn } from 'node:child_process'

/**
 * Ends a process when we are gone, however we went: a shell waits at the other end of a pipe, and reads its end when
 * the kernel closes ours. Close the guard as soon as the process is gone, before its number is given to another.
 */
export function startOrphanGuard(pid: number, signal: 'INT' | 'TERM'): { close(): void } {
  const guard = spawn('/bin/sh', ['-c', 'read -r _; kill -s "$1" "$2"', 'orphan-guard', signal, String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
  })
  guard.on('error', () => {})
  guard.stdin.on('error', () => {})
  guard.unref()
  return { close: () => void guard.kill('SIGKILL') }
}
