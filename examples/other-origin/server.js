import { createServer } from 'node:http'
import { build } from 'esbuild'
import { startIssuer } from './issuer.js'

const { PORT = '5173', ISSUER_PORT = '5174', TOKEN_SECONDS = '60', ROOMLINE_REALTIME_URL = 'ws://localhost:3001/trpc' } = process.env
const pageUrl = `http://localhost:${PORT}`
const issuerUrl = `http://localhost:${ISSUER_PORT}`

startIssuer({ port: Number(ISSUER_PORT), url: issuerUrl, pageUrl, audience: 'roomline', tokenSeconds: Number(TOKEN_SECONDS) })

const { outputFiles } = await build({
  entryPoints: ['page.ts'],
  bundle: true,
  format: 'esm',
  target: 'es2022',
  write: false,
  define: { REALTIME_URL: JSON.stringify(ROOMLINE_REALTIME_URL), ISSUER_URL: JSON.stringify(issuerUrl) },
})

const page = `<!doctype html>
<html lang="en">
  <title>A page on another origin</title>
  <h1>general</h1>
  <p id="status">Connecting …</p>
  <ul id="messages"></ul>
  <form id="composer" hidden><input aria-label="Message" required> <button>Send</button></form>
  <a id="sign-in" href="${issuerUrl}/sign-in" hidden>Sign in</a>
  <button id="sign-out" type="button" hidden>Sign out</button>
  <script type="module" src="/page.js"></script>
</html>`

createServer((request, response) => {
  const isScript = request.url === '/page.js'
  response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html; charset=utf-8' })
  response.end(isScript ? outputFiles[0]?.contents : page)
}).listen(Number(PORT), 'localhost', () => console.log(`Open ${pageUrl}`))
