/** Who is measured, in the order of a round. `afterMs: 0`: only the host matters, what it leaves is killed at once. */
import { execFileSync } from 'node:child_process'
import { clearSpool, pretendReporter } from './world.mjs'

const TRACKED = { script: 'tracked.mjs', before: clearSpool }
const ALIVE = { script: 'tracked.mjs', before: pretendReporter }

export const CONTENDERS = [
  { id: 'nothing', label: 'an empty Node', script: 'nothing.cjs' },
  { id: 'baseline', label: 'imports an empty package', script: 'baseline.mjs' },
  { id: 'baseline-cjs', label: 'the same, CommonJS', script: 'baseline.cjs' },
  { id: 'off', label: 'telemetry off', script: 'tracked.mjs', variables: { ACME_USAGE_TRACKING: '0' } },
  { id: 'alive', label: 'recorded, reporter alive', ...ALIVE },
  { id: 'alive-cjs', label: 'the same, CommonJS', ...ALIVE, script: 'tracked.cjs' },
  { id: 'launched', label: 'recorded and launched', ...TRACKED },
  { id: 'launched-down', label: 'the same, endpoint down', ...TRACKED, mode: 'down', afterMs: 300 },
  { id: 'launched-silent', label: 'the same, endpoint silent', ...TRACKED, mode: 'silent', afterMs: 300 },
  { id: 'bare-spawn', label: 'detached spawn of an empty program', script: 'bare-spawn.mjs' },
  { id: 'naive', label: 'naive: posthog-node child per event', script: 'naive.mjs' },
  { id: 'in-process', label: 'posthog-node in the CLI', script: 'in-process.mjs' },
]

/** The same three with memory in the host. */
export function bigContenders(megabytes) {
  const big = { preload: true, variables: { BALLAST_MB: String(megabytes) }, afterMs: 0 }
  return [
    { id: `baseline-${megabytes}`, label: `empty package, ${megabytes} MB`, script: 'baseline.mjs', ...big },
    { id: `alive-${megabytes}`, label: `reporter alive, ${megabytes} MB`, ...ALIVE, ...big },
    { id: `launched-${megabytes}`, label: `launched, ${megabytes} MB`, ...TRACKED, ...big },
    { id: `bare-spawn-${megabytes}`, label: `empty spawn, ${megabytes} MB`, script: 'bare-spawn.mjs', ...big },
  ]
}

const PEERS = [
  { id: 'checkpoint-client', label: 'checkpoint-client 1.1.33', script: 'checkpoint-client.mjs' },
  { id: 'medusa-telemetry', label: '@medusajs/telemetry 2.21.2', script: 'medusa-telemetry.mjs' },
]

/** Installs the published CLIs' telemetry into the world, beside the rest. Returns them, or why they are missing. */
export function installPeers(world) {
  const wanted = ['checkpoint-client@1.1.33', '@medusajs/telemetry@2.21.2']
  const folder = `${world.folder}/peers`
  const args = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder, ...wanted]
  try {
    execFileSync('npm', args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 120_000 })
    for (const name of ['checkpoint-client.mjs', 'medusa-telemetry.mjs'])
      execFileSync('cp', [`${world.folder}/${name}`, folder])
    return { kind: 'ready', peers: PEERS.map((peer) => ({ ...peer, script: `peers/${peer.script}` })) }
  } catch (error) {
    return {
      kind: 'missing',
      why: String(error.stderr ?? error.message)
        .trim()
        .split('\n')
        .at(-1),
    }
  }
}
