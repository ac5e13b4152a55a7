import { describe, expect, it } from 'vitest'
import {
  detectRuntime,
  isCommonNode,
  reporterCommand,
  type RuntimeFacts,
  runtimeFacts,
} from '../../src/platform/runtime.ts'

const PLAIN: RuntimeFacts = {
  execPath: '/usr/bin/node',
  script: '/home/ada/cli.js',
  versions: { node: '20.19.0', v8: '11.3' },
  isPkg: false,
  isSingleExecutable: false,
  isDenoCompiled: false,
  isElectronAsNode: false,
  isWorker: false,
  mayStartProcesses: true,
}
const REPORTER = '/opt/acme/node_modules/afterword/dist/reporter/main.cjs'

const NODE = ['--v8-pool-size=0', REPORTER]
const TABLE: readonly [string, Partial<RuntimeFacts>, string, readonly string[] | string, Record<string, string>?][] = [
  ['node', {}, 'node', NODE],
  ["Debian's nodejs", { execPath: '/usr/bin/nodejs' }, 'node', NODE],
  ["openSUSE's node22", { execPath: '/usr/bin/node22' }, 'node', NODE],
  ['node on Windows', { execPath: 'C:\\Program Files\\nodejs\\node.exe' }, 'node', NODE],
  ['a node that an upgrade deleted', { execPath: '/usr/bin/node (deleted)' }, 'node', NODE],
  ['node without a script', { script: undefined }, 'node', NODE],
  ['a program of its own name', { execPath: '/usr/bin/acme' }, 'other', 'unsupported-runtime'],
  ['a name that only begins like node', { execPath: '/usr/bin/nodeacme' }, 'other', 'unsupported-runtime'],
  [
    'a single executable',
    { execPath: '/usr/bin/acme', script: '/usr/bin/acme', isSingleExecutable: true },
    'single-executable',
    'unsupported-runtime',
  ],
  [
    'a single executable that is called node',
    { script: '/usr/bin/node', isSingleExecutable: true },
    'single-executable',
    'unsupported-runtime',
  ],
  ['pkg', { execPath: '/usr/bin/acme', isPkg: true }, 'pkg', 'unsupported-runtime'],
  ['bun', { execPath: '/usr/bin/bun', versions: { node: '24.3.0', bun: '1.4.5' } }, 'bun', [REPORTER]],
  [
    'bun --compile',
    { execPath: '/usr/bin/acme', script: '/$bunfs/root/acme', versions: { node: '24.3.0', bun: '1.4.5' } },
    'bun-compiled',
    [REPORTER],
    { BUN_BE_BUN: '1' },
  ],
  [
    'bun --compile on Windows',
    { execPath: 'C:\\acme.exe', script: 'B:\\~BUN\\root\\acme.exe', versions: { node: '24.3.0', bun: '2.0.0' } },
    'bun-compiled',
    [REPORTER],
    { BUN_BE_BUN: '1' },
  ],
  [
    'bun --compile, too old to be Bun again',
    { execPath: '/usr/bin/acme', script: '/$bunfs/root/acme', versions: { node: '20.0.0', bun: '1.1.38' } },
    'bun-compiled',
    'unsupported-runtime',
  ],
  [
    'deno',
    { execPath: '/usr/bin/deno', versions: { node: '24.2.0', deno: '2.9.6' } },
    'deno',
    ['run', '--allow-all', '--quiet', '--no-config', '--no-lock', REPORTER],
  ],
  [
    'deno compile',
    { execPath: '/usr/bin/acme', versions: { node: '24.2.0', deno: '2.9.6' }, isDenoCompiled: true },
    'deno-compiled',
    'unsupported-runtime',
  ],
  [
    'an Electron app',
    { execPath: '/opt/app/app', versions: { node: '22.1.0', electron: '37.0.0' } },
    'electron',
    'unsupported-runtime',
  ],
  [
    'Electron as Node',
    { execPath: '/opt/app/app', versions: { node: '22.1.0', electron: '37.0.0' }, isElectronAsNode: true },
    'electron-as-node',
    [REPORTER],
    { ELECTRON_RUN_AS_NODE: '1' },
  ],
  ['a worker', { isWorker: true }, 'worker', 'worker-thread'],
  ['a worker of Bun', { isWorker: true, versions: { bun: '1.4.5' } }, 'worker', 'worker-thread'],
  ['--permission', { mayStartProcesses: false }, 'restricted', 'permission-denied'],
]

describe('detectRuntime() and reporterCommand()', () => {
  it.each(TABLE)('%s', (_, differing, kind, wanted, env = {}) => {
    const facts = { ...PLAIN, ...differing }
    const runtime = detectRuntime(facts)
    expect(runtime.kind).toBe(kind)
    expect(reporterCommand(runtime, REPORTER)).toEqual(
      typeof wanted === 'string'
        ? { kind: 'refused', reason: wanted }
        : { kind: 'ready', command: facts.execPath, args: wanted, env },
    )
  })
})

describe('runtimeFacts()', () => {
  it('says of these tests that plain Node runs them', () => {
    expect(detectRuntime(runtimeFacts())).toEqual({ kind: 'node', execPath: process.execPath })
    expect(isCommonNode()).toBe(true)
  })
})
