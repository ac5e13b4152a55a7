/**
 * Around all tests: a home of their own, a look at the real one before and after (no test may touch it), and nobody left alive.
 */
import { existsSync, lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expectNobodyLeft } from './processes.ts'

export default function setup(): () => Promise<void> {
  const built = new URL('../../dist/reporter/main.cjs', import.meta.url)
  if (!existsSync(built)) throw new Error('the tests run the built package: npm run build')
  const real = homedir()
  const before = inventory(real)
  const home = mkdtempSync(join(tmpdir(), 'afterword-home-'))
  process.env['AFTERWORD_TEST_HOME'] = home
  return async () => {
    try {
      if (process.platform === 'linux') await expectNobodyLeft(home)
      const changed = inventory(real).filter((entry) => !before.includes(entry))
      const ours = changed.filter((entry) => /\.(acme|afterword|demo)/.test(entry))
      if (ours.length > 0) throw new Error(`a test touched the real home: ${ours.join(', ')}`)
    } catch (error) {
      process.exitCode = 1 // what a teardown throws is only shown
      throw error
    } finally {
      rmSync(home, { recursive: true, force: true, maxRetries: 5 })
    }
  }
}

function inventory(home: string): readonly string[] {
  return readdirSync(home).map((name) => `${name} ${lstatSync(join(home, name)).mtimeMs}`)
}
