/** What `auto_explain` writes about a node of a plan. */
interface PlanNode {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Index Cond'?: string
  'Recheck Cond'?: string
  'Actual Rows'?: number
  'Actual Loops'?: number
  'Rows Removed by Filter'?: number
  'Rows Removed by Index Recheck'?: number
  Plans?: PlanNode[]
}

/** A statement that ran, with the plan it ran by. */
export interface RanStatement {
  text: string
  plan: PlanNode
}

/** Has Postgres write the plan of every statement of this database, also of those inside functions, into its log. */
export const explainEverything = (database: string) => [
  `ALTER DATABASE ${database} SET session_preload_libraries = 'auto_explain'`,
  ...Object.entries({
    log_min_duration: '0',
    log_nested_statements: 'on',
    log_analyze: 'on',
    log_timing: 'off',
    log_format: 'json',
    log_level: 'log',
  }).map(([name, value]) => `ALTER DATABASE ${database} SET auto_explain.${name} = '${value}'`),
]

/** @param log the text of Postgres' log: the lines of an entry after its first begin with a tab */
export function readStatements(log: string): RanStatement[] {
  return log
    .split(/\n(?!\t)/)
    .filter((entry) => /LOG: {2}duration: [\d.]+ ms {2}plan:\n/.test(entry))
    .map((entry) => {
      const { 'Query Text': text, Plan: plan } = JSON.parse(entry.slice(entry.indexOf('\n') + 1).replaceAll('\n\t', '\n'))
      return { text, plan }
    })
}

/** Tables that grow with the years, the people or the rooms. */
export const largeTables: readonly string[] = [
  ...['messages', 'message_search', 'room_changes', 'reactions', 'mentions', 'attachments', 'audit_log'],
  ...['users', 'sessions', 'rooms', 'memberships', 'past_memberships', 'bans', 'invites'],
]

/** Rows that a statement may read whatever it returns: some stop after about a thousand. And how many for each that it returns. */
const freeRows = 2_500
const rowsPerRow = 20

/** @returns what is wrong with the plan: each whole table, whole index or needless row that it reads */
export function findFaults({ plan }: RanStatement): string[] {
  const returned = Math.max(1, rowsOf(plan))
  return nodesOf(plan).flatMap((node) => {
    const { 'Node Type': type, 'Relation Name': table = '', 'Index Name': index } = node
    const loops = node['Actual Loops'] ?? 0
    if (loops === 0 || !largeTables.includes(table)) return []
    if (/Seq Scan/.test(type)) return [`reads all of ${table}`]
    const removed = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)
    const read = Math.round(((node['Actual Rows'] ?? 0) + removed) * loops)
    if (read <= freeRows || read <= rowsPerRow * returned) return []
    return [`reads ${read} rows of ${table}${index ? ` by ${index}` : ''} to return ${returned}`]
  })
}

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

/** A statement that changes rows returns none: count those that it changes. */
function rowsOf(plan: PlanNode): number {
  const changed = nodesOf(plan)
    .filter((node) => node['Node Type'] === 'ModifyTable')
    .flatMap((node) => node.Plans ?? [])
  return Math.max(...[plan, ...changed].map((node) => (node['Actual Rows'] ?? 0) * (node['Actual Loops'] ?? 1)))
}
