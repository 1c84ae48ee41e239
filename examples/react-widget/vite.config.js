import { createServer } from '@roomline/sdk/server'
import { defineConfig } from 'vite'

const realtimeUrl = process.env.ROOMLINE_REALTIME_URL ?? 'ws://localhost:3001/trpc'
const roomline = createServer({ url: realtimeUrl, secret: process.env.APP_TOKEN_SECRETS })

/** Stands for the server of your app, which knows who is signed in. This one believes whatever name it is told. */
const tokens = {
  name: 'chat-tokens',
  configureServer({ middlewares }) {
    middlewares.use('/api/chat-token', async (request, response) => {
      let name = ''
      for await (const chunk of request) name += chunk
      if (request.method !== 'POST' || name.trim() === '' || name.length > 50) return response.writeHead(400).end()
      response.end(await roomline.tokenFor({ id: name.toLowerCase(), name, rooms: ['general'] }))
    })
  },
}

export default defineConfig({
  plugins: [tokens],
  define: { 'import.meta.env.ROOMLINE_REALTIME_URL': JSON.stringify(realtimeUrl) },
})
