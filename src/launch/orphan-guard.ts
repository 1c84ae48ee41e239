import { spawn } from 'node:child_process'

/**
 * Signals a process when this one exits for any reason, even kill -9: a shell waits on a pipe, which the kernel closes
 * with us. Close the guard as soon as the process has exited, before its pid can be reused.
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
