import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { startRoomline } from '../support/roomline'

const schemaFile = new URL('../../prisma/schema.prisma', import.meta.url)

const scalars: Record<string, string> = {
  ...{ String: 'text', Int: 'integer', BigInt: 'bigint', Boolean: 'boolean', DateTime: 'timestamp(3) with time zone', Json: 'jsonb' },
  Bytes: 'bytea',
}

interface Field {
  name: string
  column: string
  type: string
  isList: boolean
  isOptional: boolean
  attributes: string
}

interface Described {
  /** Lists are compared without their nullability, which Prisma has no word for. */
  columns: string[]
  indexes: string[]
  foreignKeys: string[]
}

/** What schema.prisma says of the tables, in the words of `describeDatabase`. */
function describeSchema(schema: string): Described {
  const blocks = [...schema.matchAll(/^(model|enum) (\w+) \{\n([\s\S]*?)^\}/gm)].map(([, kind, name = '', body = '']) => ({
    ...{ kind, name, body, mapped: /@@map\("(\w+)"\)/.exec(body)?.[1] ?? '' },
  }))
  const types = { ...scalars }
  for (const { kind, name, mapped } of blocks) if (kind === 'enum') types[name] = mapped
  const tables = new Map(blocks.filter(({ kind }) => kind === 'model').map(({ name, body, mapped }) => [name, { body, mapped }]))
  const fieldsOf = (body: string) => [...body.matchAll(/^ {2}(\w+) +(\w+(?:\("\w+"\))?)(\[\])?(\?)? *(.*)$/gm)].map(toField)
  const found: Described = { columns: [], indexes: [], foreignKeys: [] }
  for (const { body, mapped: table } of tables.values()) {
    const fields = fieldsOf(body)
    const columnOf = (name: string, of = fields) => of.find((field) => field.name === name)?.column
    const columnsOf = (names: string) =>
      names.split(', ').map((name) => columnOf(name.replace(/\(.*/, '')) + (/Desc/.test(name) ? ' DESC' : ''))
    const addIndex = (columns: (string | undefined)[], ending: string) => {
      const name = ending === 'pkey' ? `${table}_pkey` : `${table}_${columns.join('_').replaceAll(' DESC', '')}_${ending}`
      found.indexes.push(`${name} (${columns.join(', ')})${ending === 'idx' ? '' : ' unique'}`)
    }
    for (const { column, type, isList, isOptional, attributes } of fields) {
      const relation = /@relation\((?:"[^"]*", )?fields: \[(.*?)\], references: \[(.*?)\](.*)\)/.exec(attributes)
      if (relation) {
        const [, own = '', others = '', options = ''] = relation
        const target = tables.get(type)
        const referenced = others.split(', ').map((name) => columnOf(name, fieldsOf(target?.body ?? '')))
        const onDelete = /onDelete: (\w+)/.exec(options)?.[1] ?? (isOptional ? 'SetNull' : 'Restrict')
        const columns = columnsOf(own)
        found.foreignKeys.push(`${table}_${columns.join('_')}_fkey (${columns}) ${target?.mapped} (${referenced}) ${onDelete}`)
      }
      const unsupported = /Unsupported\("(\w+)"\)/.exec(type)?.[1]
      const sqlType = unsupported ?? (attributes.includes('@db.Uuid') ? 'uuid' : types[type])
      if (!sqlType) continue
      const nullability = isList ? '' : isOptional ? ' null' : ' not null'
      found.columns.push(
        `${table}.${column} ${sqlType}${isList ? '[]' : ''}${nullability}${/@default|autoincrement/.test(attributes) ? ' default' : ''}`,
      )
      if (/@id\b/.test(attributes)) addIndex([column], 'pkey')
      if (/@unique\b/.test(attributes)) addIndex([column], 'key')
    }
    for (const [, kind, names = ''] of body.matchAll(/@@(id|unique|index)\(\[(.*?)\]/g)) {
      addIndex(columnsOf(names), kind === 'id' ? 'pkey' : kind === 'unique' ? 'key' : 'idx')
    }
  }
  return found
}

const toField = ([, name = '', type = '', list, optional, attributes = '']: RegExpMatchArray): Field => ({
  ...{ name, type, isList: list !== undefined, isOptional: optional !== undefined, attributes },
  column: /@map\("(\w+)"\)/.exec(attributes)?.[1] ?? name,
})

/** What Postgres says of the migrated tables, without what Prisma cannot express. */
async function describeDatabase(query: (sql: string) => Promise<{ rows: { line: string }[] }>): Promise<Described> {
  const linesOf = async (sql: string) => (await query(sql)).rows.map(({ line }) => line)
  const isOurs = `c.relnamespace = 'public'::regnamespace AND c.relname <> '_prisma_migrations'`
  const namesOf = (keys: string, table: string) =>
    `(SELECT string_agg(a.attname, ',' ORDER BY k.place) FROM unnest(${keys}) WITH ORDINALITY AS k(number, place)
      JOIN pg_attribute a ON a.attrelid = ${table} AND a.attnum = k.number)`
  return {
    columns: await linesOf(
      `SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
         || CASE WHEN a.attndims > 0 THEN '' WHEN a.attnotnull THEN ' not null' ELSE ' null' END || CASE WHEN a.atthasdef THEN ' default' ELSE '' END AS line
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relkind = 'r' AND ${isOurs} AND a.attnum > 0 AND NOT a.attisdropped`,
    ),
    indexes: await linesOf(
      `SELECT x.relname || ' (' || (
           SELECT string_agg(a.attname || CASE WHEN k.options & 1 = 1 THEN ' DESC' ELSE '' END, ', ' ORDER BY a.attnum)
           FROM pg_attribute a JOIN unnest(i.indoption::int2[]) WITH ORDINALITY AS k(options, place) ON k.place = a.attnum WHERE a.attrelid = x.oid
         ) || ')' || CASE WHEN i.indisunique THEN ' unique' ELSE '' END AS line
       FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
       WHERE ${isOurs} AND i.indpred IS NULL AND i.indexprs IS NULL`,
    ),
    foreignKeys: await linesOf(
      `SELECT f.conname || ' (' || ${namesOf('f.conkey', 'f.conrelid')} || ') ' || t.relname || ' (' || ${namesOf('f.confkey', 'f.confrelid')} || ') '
         || CASE f.confdeltype WHEN 'c' THEN 'Cascade' WHEN 'r' THEN 'Restrict' WHEN 'n' THEN 'SetNull' ELSE 'NoAction' END AS line
       FROM pg_constraint f JOIN pg_class t ON t.oid = f.confrelid WHERE f.contype = 'f'`,
    ),
  }
}

describe('schema.prisma', () => {
  it('describes the columns, indexes and foreign keys that the migration makes', async () => {
    await using roomline = await startRoomline()
    const described = describeSchema(await readFile(schemaFile, 'utf8'))
    const made = await describeDatabase((sql) => roomline.pool.query(sql))
    for (const kind of ['columns', 'indexes', 'foreignKeys'] as const) expect(described[kind].sort()).toEqual(made[kind].sort())
  })
})
