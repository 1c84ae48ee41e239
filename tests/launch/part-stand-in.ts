import { renameSync, writeFileSync } from 'node:fs'

const [mood] = process.argv.slice(2).concat(process.env.MOOD ?? '')
if (mood === 'stumbles') process.exit(3)
process.on('SIGTERM', () => {
  if (mood !== 'deaf') setTimeout(() => process.exit(0), 50)
})
process.on('disconnect', () => process.exit(1))
if (mood !== 'slow') process.send?.({ ready: true })
const { PID_FILE } = process.env
if (PID_FILE) {
  writeFileSync(`${PID_FILE}.new`, String(process.pid))
  renameSync(`${PID_FILE}.new`, PID_FILE)
  setInterval(() => {}, 60_000)
}
