import { renameSync, writeFileSync } from 'node:fs'

/** Stands in for one of Roomline's servers. */
const { BEHAVIOR, PID_FILE } = process.env
if (BEHAVIOR === 'exits') process.exit(3)
process.on('SIGTERM', () => {
  if (BEHAVIOR !== 'ignores SIGTERM') setTimeout(() => process.exit(0), 50)
})
process.on('disconnect', () => process.exit(1))
if (BEHAVIOR !== 'never ready') process.send?.({ ready: true })
if (PID_FILE) {
  writeFileSync(`${PID_FILE}.new`, String(process.pid))
  renameSync(`${PID_FILE}.new`, PID_FILE)
  setInterval(() => {}, 60_000)
}
