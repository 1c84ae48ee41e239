import { parseArgs } from 'node:util'
import { openKeptData } from './kept-data'
import { sizesFor } from './sizes'

const usage = 'usage: npm run bench:data -- [--messages 2000000] [--afresh]'

/** Makes the data that T9 to T11 measure with, and keeps it in bench/.data. */
const { values } = parseArgs({ options: { messages: { type: 'string', default: '2000000' }, afresh: { type: 'boolean', default: false } } })
const messages = Number(values.messages)
if (!Number.isInteger(messages) || messages < 4_000) {
  process.stderr.write(`${usage}\n`)
  process.exit(2)
}

const interrupted = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort(new Error(`stopped by ${name}`)))
const report = (line: string) => process.stdout.write(`${line}\n`)
const data = await openKeptData(interrupted.signal)
try {
  const { afresh } = values
  const url = await data.require(messages, report, { afresh })
  const { rooms, people, memberships } = sizesFor(messages)
  report(`${messages} messages, ${rooms} rooms, ${people} people, about ${memberships} memberships: ${new URL(url).pathname.slice(1)}`)
} finally {
  await data.close()
}
