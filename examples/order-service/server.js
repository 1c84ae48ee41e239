import { createServer as createHttpServer } from 'node:http'
import { createOutbox, createServer } from '@roomline/sdk/server'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL })
await pool.query(
  'CREATE TABLE IF NOT EXISTS shop.orders (id serial PRIMARY KEY, item text NOT NULL, amount int NOT NULL CHECK (amount > 0))',
)

// For a database that is not Roomline's: the messages are rows of your own, and a relay posts them.
const outbox = createOutbox({ query: (text, values) => pool.query(text, values), table: 'shop.outbox' })
await pool.query(outbox.createTable)
const relay = outbox.relay(createServer({ url: process.env.ROOMLINE_URL ?? '', botToken: process.env.BOT_TOKEN ?? '' }), {
  everyMs: 250,
  onError: ({ words }, message) => console.error(message ? `Refused: ${message.text}: ${words}` : words),
})

/** An order and its message: both, or neither. */
async function takeOrder({ item, amount }, way) {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    // The message has to name the order, so it is announced before the order is known to be valid.
    const { rows } = await client.query(`SELECT nextval('shop.orders_id_seq')::int AS id`)
    const [{ id }] = rows
    const text = `Order ${id}: ${amount} × ${item}`
    const key = `order ${id} taken`
    if (way === 'outbox') await outbox.post({ room: 'general', text, key }, (sql, values) => client.query(sql, values))
    // In Roomline's own Postgres, a function does it.
    else await client.query('SELECT roomline.post($1, $2, $3, $4)', ['general', 'shop', text, key])
    await client.query('INSERT INTO shop.orders (id, item, amount) VALUES ($1, $2, $3)', [id, item, amount])
    await client.query('COMMIT')
    return { id }
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
}

const server = createHttpServer(async (request, response) => {
  if (request.method !== 'POST') return response.writeHead(405).end()
  try {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const order = await takeOrder(JSON.parse(Buffer.concat(chunks)), request.url === '/orders?by=outbox' ? 'outbox' : 'function')
    response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(order))
  } catch (error) {
    response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error: error.message }))
  }
})
server.listen(Number(process.env.PORT ?? 5175), '127.0.0.1', () => {
  console.log(`Order with: curl -d '{"item": "tea", "amount": 2}' http://localhost:${server.address().port}/orders`)
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    server.close()
    await relay.close()
    await pool.end()
  })
}
