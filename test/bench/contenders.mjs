/** Who is measured, in the order of a round. `afterMs: 0`: only the host matters, what it leaves is killed at once. */
import { execFileSync } from 'node:child_process'
import { forgetReporter, pretendReporter, pretendUsed } from './world.mjs'

const ALONE = { base: 'baseline', afterMs: 0 }
const LAUNCHING = { script: 'tracked.mjs', before: forgetReporter, base: 'baseline' }
const ALIVE = { script: 'tracked.mjs', before: pretendReporter }
const BY_HAND = { script: 'by-hand.mjs', before: pretendUsed, base: 'baseline' }
const POSTING = { label: 'by hand, and a Node that posts it', ...BY_HAND, variables: { SCRIPT: 'post.cjs' } }
const BARE_SPAWN = { label: 'detached spawn of an empty program', script: 'bare-spawn.mjs', base: 'baseline' }
const NOTHING = { id: 'nothing', label: 'an empty Node', script: 'nothing.cjs', base: 'baseline' }
const BASELINE = { id: 'baseline', label: 'imports an empty package', script: 'baseline.mjs', base: 'baseline' }
const WITHOUT_TIMEOUT = { preload: true, variables: { NO_TIMEOUT: '1' } }

/** The host alone, whose budgets are tight, with their floors: cheap, so in very many rounds. `base`: whose wall time it is compared with. */
export const HOSTS = [
  NOTHING,
  BASELINE,
  { id: 'baseline-again', label: 'the same once more', script: 'baseline.mjs', base: 'baseline' },
  { id: 'baseline-cjs', label: 'the same, CommonJS', script: 'baseline.cjs', base: 'baseline-cjs' },
  { id: 'imports', label: 'imports afterword, no more', script: 'imports.mjs', base: 'baseline' },
  {
    id: 'off',
    label: 'telemetry off',
    script: 'tracked.mjs',
    variables: { ACME_USAGE_TRACKING: '0' },
    base: 'baseline',
  },
  { id: 'by-hand', label: 'the same file operations, by hand', ...BY_HAND },
  { id: 'alive', label: 'recorded, reporter alive', ...ALIVE, base: 'baseline' },
  {
    id: 'alive-compiled',
    label: 'the same, compiled already',
    ...ALIVE,
    script: 'tracked-compiled.mjs',
    base: 'baseline',
  },
  { id: 'alive-cjs', label: 'the same, CommonJS', ...ALIVE, script: 'tracked.cjs', base: 'baseline-cjs' },
  { id: 'bare-spawn', ...BARE_SPAWN, ...ALONE },
  { id: 'by-hand-post', ...POSTING, ...ALONE },
  { id: 'launched', label: 'recorded and launched', ...LAUNCHING, ...ALONE },
]

/** By what the endpoint does, the reporter left at its work for a while. */
export const BY_ENDPOINT = [
  BASELINE,
  ...['healthy', 'slow', 'silent', 'black hole', 'down'].map((mode) => ({
    id: `launched-${mode.replace(' ', '-')}`,
    label: `recorded and launched, endpoint ${mode}`,
    ...LAUNCHING,
    ...(mode === 'healthy' ? {} : { mode }),
    afterMs: 100,
  })),
]

/** To the end of what they leave: what it uses, and when the event arrives. */
export const TREES = [
  NOTHING,
  BASELINE,
  { id: 'bare-spawn', ...BARE_SPAWN },
  { id: 'by-hand-post', ...POSTING },
  { id: 'launched', label: 'recorded and launched', ...LAUNCHING },
]

/** Dear: they leave a cold or a busy machine to whoever follows. */
export const OTHERS = [
  { id: 'launched-worker', label: 'the same, watchdog worker', ...LAUNCHING, ...WITHOUT_TIMEOUT },
  { id: 'naive', label: 'naive: posthog-node child per event', script: 'naive.mjs', base: 'baseline' },
  { id: 'in-process', label: 'posthog-node in the CLI', script: 'in-process.mjs', base: 'baseline' },
]

/** Four of them with memory in the host; 0: the same four without. */
export function bigHosts(megabytes) {
  const base = `baseline-${megabytes}`
  const big = { preload: true, variables: { BALLAST_MB: String(megabytes) }, afterMs: 0, base }
  return [
    { id: base, label: `empty package, ${megabytes} MB`, script: 'baseline.mjs', ...big },
    { id: `alive-${megabytes}`, label: `reporter alive, ${megabytes} MB`, ...ALIVE, ...big },
    { id: `bare-spawn-${megabytes}`, label: `empty spawn, ${megabytes} MB`, script: 'bare-spawn.mjs', ...big },
    { id: `launched-${megabytes}`, label: `launched, ${megabytes} MB`, ...LAUNCHING, ...big },
  ]
}

const PEERS = [
  {
    id: 'checkpoint-client',
    label: 'checkpoint-client 1.1.33',
    script: 'checkpoint-client.mjs',
    install: 'checkpoint-client@1.1.33',
  },
  {
    id: 'medusa-telemetry',
    label: '@medusajs/telemetry 2.21.2',
    script: 'medusa-telemetry.mjs',
    install: '@medusajs/telemetry@2.21.2',
  },
]

/** Installs the published CLIs' telemetry into the world, beside the rest. Returns them, or why they are missing. */
export function installPeers(world) {
  const folder = `${world.folder}/peers`
  const args = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder]
  try {
    execFileSync('npm', [...args, ...PEERS.map(({ install }) => install)], {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: 120_000,
    })
    for (const { script } of PEERS) execFileSync('cp', [`${world.folder}/${script}`, folder])
    return {
      kind: 'ready',
      peers: PEERS.map((peer) => ({ ...peer, script: `peers/${peer.script}`, base: 'baseline' })),
    }
  } catch (error) {
    const why = String(error.stderr ?? error.message)
    return { kind: 'missing', why: why.trim().split('\n').at(-1) }
  }
}
