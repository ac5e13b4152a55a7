/**
 * Who may import whom, type-only imports included. Run by test/package/check-imports.mjs, which also makes sure that something
 * was seen: with a TypeScript that has no compiler API dependency-cruiser finds no module, no violation, and says "all good".
 *
 * Needs TypeScript 6. What it cannot see are `process.getBuiltinModule` and `process.env`: test/package/source-rules.test.ts.
 */

/** Folder under src → what it may import from src: folders, or single files. Its own folder always. */
const FOLDERS = {
  files: [],
  platform: ['files'],
  consent: ['files'],
  identity: ['files'],
  events: ['tracker/command-outcome.ts'],
  spool: ['events', 'files', 'platform'],
  reporter: ['consent', 'events', 'files', 'identity', 'platform', 'spool', 'session/recovery.ts'],
  tracker: [
    'consent',
    'events',
    'files',
    'identity',
    'platform',
    'spool',
    'reporter/launch.ts',
    'reporter/launch-due.ts',
    'reporter/launch-inline.ts',
    'reporter/kill-survivor.ts',
    'reporter/no-reap.ts',
    'reporter/limits.ts',
    'reporter/reporter-task.ts',
    'reporter/delivery-mode.ts',
    'version.ts',
  ],
  adapters: ['tracker'],
  collector: ['files'],
  tracer: ['files', 'platform'],
  session: ['events', 'files', 'platform', 'tracer'],
  proxy: ['events'],
}

/** Package → the files that may import it. A package that is not here may be imported by nobody. */
const PACKAGES = {
  'posthog-node': '^src/reporter/posthog-sender\\.ts$',
  'proper-lockfile': '^src/files/file-lock\\.ts$',
  'write-file-atomic': '^src/files/atomic-write\\.ts$',
  uuid: '^src/(tracker/rare-changes|collector/[^/]+)\\.ts$',
  yargs: '^src/cli/',
}

const inFolder = (name) => `^src/${name}${name.endsWith('.ts') ? '$' : '/'}`

const folderRules = Object.entries(FOLDERS).map(([folder, allowed]) => ({
  name: `${folder}-imports`,
  comment: `${folder} may import from src: itself${allowed.length > 0 ? `, ${allowed.join(', ')}` : ' alone'}`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: [folder, ...allowed].map(inFolder) },
}))

const packageRules = Object.entries(PACKAGES).map(([name, from]) => ({
  name: `package-${name}`,
  comment: `only ${from} imports ${name}`,
  severity: 'error',
  from: { path: '^src/', pathNot: from },
  to: { path: `node_modules/${name}/` },
}))

export default {
  forbidden: [
    ...folderRules,
    ...packageRules,
    {
      name: 'packages-listed',
      comment: 'a new package needs a line in PACKAGES, and a reason',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: 'node_modules/', pathNot: Object.keys(PACKAGES).map((name) => `node_modules/${name}/`) },
    },
    {
      name: 'folders-listed',
      comment: 'a new folder needs a line in FOLDERS',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: ['^src/cli/', ...Object.keys(FOLDERS).map((name) => `^src/${name}/`)] },
      to: { path: '.' },
    },
    {
      name: 'no-cycles',
      comment:
        'type-only ones included; only load-parts.ts may name the type of what it loads at run time, out of another file of dist',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        circular: true,
        viaOnly: { pathNot: '^src/tracker/(rare-(paths|changes)|recording|launching|ask-at-begin)[.]ts$' },
      },
    },
    {
      name: 'light-door',
      comment: 'what a host imports must not lead to what only our program, the reporter or another export needs',
      severity: 'error',
      from: { path: '^src/index\\.ts$' },
      to: {
        reachable: true,
        path: '^src/(cli|collector|tracer|session|proxy|adapters)/|node_modules/(posthog-node|yargs)/',
      },
    },
    {
      name: 'door-is-nobodys',
      comment: 'index.ts is for hosts; inside, import the file itself',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/index\\.ts$' },
    },
    {
      name: 'child-process',
      comment: 'processes are started by platform, session and cli',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(platform|session|cli)/' },
      to: { path: '^(node:)?(child_process|cluster)$' },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true, pathNot: '^koffi$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
