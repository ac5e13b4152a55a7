/** The package as a user gets it: packed, unpacked into a project of its own, with its declared dependencies and nothing else. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

/** Of the checkout. */
export const ROOT: string = new URL('../..', import.meta.url).pathname.replace(/\/$/, '')

export const manifest: Manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest

export interface Project {
  readonly path: string
  /** Where the unpacked package is. */
  readonly installed: string
  remove(): void
}

/** `also`: packages of the checkout that the project has besides. */
export function projectWithPackage(also: readonly string[] = []): Project {
  const path = mkdtempSync(join(process.env['AFTERWORD_TEST_HOME'] ?? '/tmp', 'project-'))
  const modules = join(path, 'node_modules')
  mkdirSync(modules)
  const [packed] = npmPack(['--pack-destination', path])
  execFileSync('tar', ['-xzf', join(path, packed?.filename ?? ''), '-C', modules])
  renameSync(join(modules, 'package'), join(modules, manifest.name))
  for (const name of [...Object.keys(manifest.dependencies), ...also]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name))
  }
  writeFileSync(join(path, 'package.json'), '{"name":"project","private":true,"type":"module"}\n')
  return {
    path,
    installed: join(modules, manifest.name),
    // A reporter of its last command may still be at work in it.
    remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }),
  }
}

export interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string; readonly size: number; readonly mode: number }[]
}

/** `npm pack` of the checkout as it was built. */
export function npmPack(args: readonly string[]): readonly Packed[] {
  const output = execFileSync('npm', ['pack', '--json', '--ignore-scripts', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return JSON.parse(output) as readonly Packed[]
}
