import { startWork } from './work'

/**
 * The background work of a node in a process of its own, to be killed. It tells over IPC what it begins, and finishes
 * nothing when it was told to hang.
 */
const { DATABASE_URL = '', HANGS = '' } = process.env

const hang = () => (HANGS ? new Promise<void>(() => {}) : Promise.resolve())

startWork(DATABASE_URL, {
  afterCommit: [
    {
      name: 'index',
      on: ['stored'],
      handle: async (changes, { query, addJobs }) => {
        await query('INSERT INTO indexed (seq) SELECT * FROM unnest($1::int[])', [changes.map(({ seq }) => seq)])
        addJobs([{ job: 'push', key: 'a', payload: {} }])
        process.send?.({ began: 'index' })
        if (HANGS === 'index') await hang()
      },
    },
  ],
  handlers: [
    {
      name: 'push',
      run: async () => {
        process.send?.({ began: 'push' })
        await hang()
      },
    },
  ],
})
process.send?.({ port: 0 })
