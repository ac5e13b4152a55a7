import { defineConfig } from 'rolldown'

/**
 * Five bundles; everything else in dist is tsc's output, file for file.
 *
 *  index.js            what a host loads with `import 'afterword'`: one ES module, no static `node:` import, no package
 *  tracker/rare-paths.cjs     what a host needs now and then: first use, failures, look-ups, status …
 *  tracker/rare-changes.cjs   what a login, a logout, `on` and `off` load: the lock, the atomic write, UUIDv5
 *  reporter/main.cjs   the detached reporter, with posthog-node inside
 *  reporter/look-up-main.cjs  the killable child that asks who a credential belongs to
 */
const shared = { platform: 'node', external: [/^node:/] }

// proper-lockfile and write-file-atomic patch the process they are loaded into (graceful-fs replaces fs.close and
// process.cwd, signal-exit replaces process.emit and listens to signals). A guest does not do that: docs/decisions/0010.
const guestManners = {
  'graceful-fs': 'node:fs',
  'signal-exit': new URL('./src/platform/no-signal-exit.cjs', import.meta.url).pathname,
}

export default defineConfig([
  {
    ...shared,
    input: 'src/index.ts',
    output: { file: 'dist/index.js', format: 'esm', sourcemap: true, minify: true },
  },
  {
    ...shared,
    input: 'src/tracker/rare-paths.ts',
    output: { file: 'dist/tracker/rare-paths.cjs', format: 'cjs', sourcemap: true, exports: 'named' },
  },
  {
    ...shared,
    input: 'src/tracker/rare-changes.ts',
    resolve: { alias: guestManners },
    output: { file: 'dist/tracker/rare-changes.cjs', format: 'cjs', sourcemap: true, exports: 'named' },
  },
  {
    ...shared,
    input: 'src/reporter/main.ts',
    resolve: { alias: guestManners },
    output: { file: 'dist/reporter/main.cjs', format: 'cjs', sourcemap: false, codeSplitting: false },
  },
  {
    ...shared,
    input: 'src/reporter/look-up-main.ts',
    output: { file: 'dist/reporter/look-up-main.cjs', format: 'cjs', sourcemap: false },
  },
])
