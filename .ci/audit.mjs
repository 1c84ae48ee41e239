import { spawnSync } from 'node:child_process'

// Fails when a package that Roomline ships has a known vulnerability of level high or critical. Not every registry
// answers that question.
/** As .ci/run knows it. */
const notRun = 75
const { stdout, stderr } = spawnSync('npm', ['audit', '--omit=dev', '--audit-level=high', '--json'], { encoding: 'utf8' })
const report = parse(stdout)
const counts = report?.metadata?.vulnerabilities

if (!counts) {
  process.stdout.write(`The registry does not answer npm audit (${report?.message ?? stderr.trim()}).\n`)
  process.exitCode = notRun
} else {
  const serious = Object.values(report.vulnerabilities ?? {}).filter(({ severity }) => severity === 'high' || severity === 'critical')
  for (const { name, severity, range } of serious) process.stdout.write(`${severity}: ${name} ${range}\n`)
  process.stdout.write(`${counts.total} known vulnerabilities, ${serious.length} of them high or critical\n`)
  if (serious.length > 0) process.exitCode = 1
}

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
