/** @type {import('next').NextConfig} */
export default {
  poweredByHeader: false,
  reactStrictMode: true,
  devIndicators: false,
  // `npm test` checks the types.
  typescript: { ignoreBuildErrors: true },
  experimental: {
    // It keeps failures too: a build that once could not start PostCSS would fail for ever after.
    turbopackFileSystemCacheForBuild: false,
    // The first text is shown one round trip earlier: it does not wait for a file of its own.
    inlineCss: true,
  },
}
