import { fileURLToPath } from 'node:url'

/** @type {import('next').NextConfig} */
export default {
  devIndicators: false,
  // Next would take the repository around this folder for the project.
  turbopack: { root: fileURLToPath(new URL('.', import.meta.url)) },
  typescript: { ignoreBuildErrors: true },
}
