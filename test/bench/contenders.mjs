/** Who is measured, in the order of a round. `afterMs: 0`: only the host matters, what it leaves is killed at once. */
import { execFileSync } from 'node:child_process'
import { clearSpool, pretendReporter, pretendUsed } from './world.mjs'

const TRACKED = { script: 'tracked.mjs', before: clearSpool }
const ALIVE = { script: 'tracked.mjs', before: pretendReporter, base: 'baseline' }
const BY_HAND = { script: 'by-hand.mjs', before: pretendUsed, base: 'baseline' }
const WITHOUT_TIMEOUT = { preload: true, variables: { NO_TIMEOUT: '1' } }
const SHORT = { afterMs: 300 }

/** Whose budgets are tight, with their floors: measured in rounds of their own, and in many. */
const TIGHT = new Set([
  'nothing',
  'baseline',
  'baseline-again',
  'baseline-cjs',
  'off',
  'by-hand',
  'alive',
  'alive-cjs',
  'bare-spawn',
  'by-hand-post',
  'launched',
])
export const isTight = ({ id }) => TIGHT.has(id)

/** By what the endpoint does: beside each other, and without the dear ones that leave a cold machine to whoever follows. */
const ENDPOINT = new Set(['launched-healthy', 'launched-slow', 'launched-silent', 'launched-hole', 'launched-down'])
export const isByEndpoint = ({ id }) => ENDPOINT.has(id)

/** `base`: whose wall time the contender's is compared with. */
export const CONTENDERS = [
  { id: 'nothing', label: 'an empty Node', script: 'nothing.cjs', base: 'baseline' },
  { id: 'baseline', label: 'imports an empty package', script: 'baseline.mjs', base: 'baseline' },
  { id: 'baseline-again', label: 'the same once more', script: 'baseline.mjs', base: 'baseline' },
  { id: 'baseline-cjs', label: 'the same, CommonJS', script: 'baseline.cjs', base: 'baseline-cjs' },
  {
    id: 'off',
    label: 'telemetry off',
    script: 'tracked.mjs',
    variables: { ACME_USAGE_TRACKING: '0' },
    base: 'baseline',
  },
  { id: 'by-hand', label: 'the same file operations, by hand', ...BY_HAND },
  { id: 'alive', label: 'recorded, reporter alive', ...ALIVE },
  { id: 'alive-cjs', label: 'the same, CommonJS', ...ALIVE, script: 'tracked.cjs', base: 'baseline-cjs' },
  { id: 'bare-spawn', label: 'detached spawn of an empty program', script: 'bare-spawn.mjs', base: 'baseline' },
  {
    id: 'by-hand-post',
    label: 'by hand, and a Node that posts it',
    ...BY_HAND,
    variables: { SCRIPT: 'post.cjs' },
  },
  { id: 'launched', label: 'recorded and launched', ...TRACKED, base: 'baseline' },
  { id: 'launched-worker', label: 'the same, watchdog worker', ...TRACKED, ...WITHOUT_TIMEOUT, base: 'baseline' },
  { id: 'launched-healthy', label: 'the same, left alone after 300 ms', ...TRACKED, ...SHORT, base: 'baseline' },
  { id: 'launched-slow', label: 'the same, endpoint slow', ...TRACKED, mode: 'slow', ...SHORT, base: 'baseline' },
  { id: 'launched-silent', label: 'the same, silent', ...TRACKED, mode: 'silent', ...SHORT, base: 'baseline' },
  { id: 'launched-hole', label: 'the same, black hole', ...TRACKED, mode: 'black hole', ...SHORT, base: 'baseline' },
  { id: 'launched-down', label: 'the same, down', ...TRACKED, mode: 'down', ...SHORT, base: 'baseline' },
  { id: 'naive', label: 'naive: posthog-node child per event', script: 'naive.mjs', base: 'baseline' },
  { id: 'in-process', label: 'posthog-node in the CLI', script: 'in-process.mjs', base: 'baseline' },
]

/** The same four with memory in the host. */
export function bigContenders(megabytes) {
  const base = `baseline-${megabytes}`
  const big = { preload: true, variables: { BALLAST_MB: String(megabytes) }, afterMs: 0, base }
  return [
    { id: base, label: `empty package, ${megabytes} MB`, script: 'baseline.mjs', ...big },
    { id: `alive-${megabytes}`, label: `reporter alive, ${megabytes} MB`, ...ALIVE, ...big },
    { id: `bare-spawn-${megabytes}`, label: `empty spawn, ${megabytes} MB`, script: 'bare-spawn.mjs', ...big },
    { id: `launched-${megabytes}`, label: `launched, ${megabytes} MB`, ...TRACKED, ...big },
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
