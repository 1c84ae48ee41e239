import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { routeContracts } from '../../src/contract/http-routes'
import { describeRoutes } from '../../src/contract/openapi'
import { createDocumentRoutes } from '../../src/web-server/document-routes'

const folder = fileURLToPath(new URL('../../src/app/api', import.meta.url))

describe('the contracts of HTTP routes', () => {
  it('contracts: every route has one, and there are no others', () => {
    const served = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('/route.ts') && !file.startsWith('[['))
      .map((file) => `/api/${file.replace('/route.ts', '').replace(/\[(\w+)\]/g, '{$1}')}`)
    const elsewhere = [...Object.keys(createDocumentRoutes()), '/api/health', '/api/ready', '/api/metrics']
    expect(routeContracts.map(({ path }) => path).sort()).toEqual([...served, ...elsewhere].sort())
  })

  it('OpenAPI: every reference leads somewhere, and every operation has its own name', () => {
    const document = describeRoutes('1.2.3')
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name = '']) => name)
    expect(references.length).toBeGreaterThan(20)
    expect(references.filter((name) => !Object.hasOwn(document.components.schemas, name))).toEqual([])
    expect(JSON.stringify(document)).not.toContain('$defs')
    const names = Object.values(document.paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId))
    expect(new Set(names).size).toBe(routeContracts.length)
    expect(document.info.version).toBe('1.2.3')
  })
})
