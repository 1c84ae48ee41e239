import { type RouteAnswer, type RouteContract, routeContracts } from './http-routes'
import { createSchemaCollection, type JsonSchema, type SchemaCollection } from './json-schema'

/** What `GET /api/openapi.json` answers. */
export interface OpenApiDocument {
  openapi: '3.1.0'
  info: { title: string; version: string; description: string; license: { name: string; identifier: string } }
  servers: { url: string }[]
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, JsonSchema>; securitySchemes: Record<string, JsonSchema> }
}

interface Operation {
  operationId: string
  summary: string
  security: Record<string, never[]>[]
  parameters?: JsonSchema[]
  requestBody?: JsonSchema
  responses: Record<string, JsonSchema>
}

/** OpenAPI 3.1 of the HTTP routes of the web app. @param version of Roomline */
export function describeRoutes(version: string): OpenApiDocument {
  const schemas = createSchemaCollection()
  const paths: OpenApiDocument['paths'] = {}
  for (const route of routeContracts) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: describeRoute(route, schemas) }
  }
  const document: OpenApiDocument = {
    openapi: '3.1.0',
    info: {
      title: 'Roomline: HTTP routes of the web app',
      version,
      description:
        'Accounts and sessions. Rooms and messages are procedures of the realtime server: docs/protocol.md says how to call them, and /api/schemas.json has their schemas.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: schemas.named,
      securitySchemes: {
        cookie: { type: 'apiKey', in: 'cookie', name: 'X-Token', description: 'With an https PUBLIC_URL: `__Host-X-Token`.' },
        bearer: { type: 'http', scheme: 'bearer', description: 'The value of the cookie, for programs.' },
      },
    },
  }
  // The schemas refer to each other as in a document of their own.
  return JSON.parse(JSON.stringify(document).replaceAll('"#/$defs/', '"#/components/schemas/')) as OpenApiDocument
}

function describeRoute(route: RouteContract, schemas: SchemaCollection): Operation {
  const { method, path, about, isForSignedIn, body, takesForms, answers } = route
  const parameters = parametersOf(route, schemas)
  const input = body && schemas.input(body)
  return {
    operationId: `${method.toLowerCase()} ${path}`.replace(/\W+(\w)/g, (_, letter: string) => letter.toUpperCase()).replace(/\W/g, ''),
    summary: about,
    security: isForSignedIn ? [{ cookie: [] }, { bearer: [] }] : [],
    ...(parameters.length > 0 && { parameters }),
    ...(input && {
      requestBody: {
        required: !body.safeParse(undefined).success,
        content: {
          'application/json': { schema: input },
          ...(takesForms && { 'application/x-www-form-urlencoded': { schema: withNext(input) } }),
        },
      },
    }),
    responses: Object.fromEntries(
      Object.entries(answers).flatMap(([status, answer]) => (answer ? [[status, describeAnswer(answer, schemas)]] : [])),
    ),
  }
}

/** A form also says where it wants to go afterwards. */
const withNext = (input: JsonSchema): JsonSchema => ({
  ...input,
  properties: { ...(input.properties as object), next: { type: 'string', description: 'The path to go to afterwards.' } },
})

function parametersOf({ pathParameter, query }: RouteContract, schemas: SchemaCollection): JsonSchema[] {
  const inPath = pathParameter
    ? [{ name: pathParameter.name, in: 'path', required: true, description: pathParameter.about, schema: { type: 'string' } }]
    : []
  const { properties = {} } = (query ? schemas.input(query) : {}) as { properties?: Record<string, JsonSchema> }
  return [...inPath, ...Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', schema }))]
}

function describeAnswer({ about, schema, contentType, setsCookie, headers = {} }: RouteAnswer, schemas: SchemaCollection): JsonSchema {
  const described = { ...headers, ...(setsCookie && { 'Set-Cookie': 'The session, in an HttpOnly cookie.' }) }
  const body = schema ? { schema: schemas.output(schema) } : contentType ? { schema: { type: 'string' } } : null
  return {
    description: about,
    ...(Object.keys(described).length > 0 && {
      headers: Object.fromEntries(
        Object.entries(described).map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
      ),
    }),
    ...(body && { content: { [contentType ?? 'application/json']: body } }),
  }
}
