/** @type {import('next').NextConfig} */
export default {
  poweredByHeader: false,
  reactStrictMode: true,
  devIndicators: false,
  // `npm test` checks the types.
  typescript: { ignoreBuildErrors: true },
  // It keeps failures too: a build that once could not start PostCSS would fail for ever after.
  experimental: { turbopackFileSystemCacheForBuild: false },
}
