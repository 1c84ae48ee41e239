import { parseArgs } from 'node:util'
import { judgeClient } from './client/judge-client'
import type { Verdict } from './rules'
import { judgeServer } from './server/judge-server'

const usage = `Usage:
  npm run conformance -- --url http://localhost:3000 [--user NAME:PASSWORD --user NAME:PASSWORD]
  npm run conformance -- --client "python3 examples/python-client/judged.py"

Judges a server, or a client in any language, by the rules of docs/protocol.md. docs/conformance.md says more.

  --url URL       the web app of the server
  --realtime URL  its realtime server, if GET /api/session does not tell it
  --user N:P      an account to judge with; give two. Without them, two new accounts are made
  --client CMD    starts the client, once for each rule
  --only TEXT     only the rules whose names contain this`

function print({ name, fault }: Verdict): void {
  process.stdout.write(fault === null ? `passed  ${name}\n` : `FAILED  ${name}\n          ${fault}\n`)
}

async function judge(): Promise<Verdict[] | null> {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      realtime: { type: 'string' },
      user: { type: 'string', multiple: true },
      client: { type: 'string' },
      only: { type: 'string', default: '' },
    },
  })
  if (values.client) return judgeClient(values.client, print, values.only)
  if (values.url) return judgeServer({ webUrl: values.url, realtimeUrl: values.realtime, accounts: values.user ?? [] }, print, values.only)
  return null
}

async function run(): Promise<0 | 1 | 2> {
  try {
    const verdicts = await judge()
    if (!verdicts) {
      process.stderr.write(`${usage}\n`)
      return 2
    }
    const failed = verdicts.filter(({ fault }) => fault !== null).length
    process.stdout.write(`${verdicts.length - failed} of ${verdicts.length} rules are kept\n`)
    return failed === 0 && verdicts.length > 0 ? 0 : 1
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return 2
  }
}

// A rule that was found broken early may still be waiting for something else.
process.exit(await run())
