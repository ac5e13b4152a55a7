import fs from 'node:fs'
import { expect, test } from 'vitest'
import { version } from '../../src/version.ts'
import { manifest, ROOT } from '../support/packed-package.ts'

test('version is that of package.json', () => {
  expect(version).toBe(manifest.version)
})

test('docs/CHANGELOG.md begins with this version', () => {
  const first = /^## (\S+)/m.exec(fs.readFileSync(`${ROOT}/docs/CHANGELOG.md`, 'utf8'))?.[1]
  expect(first).toBe(manifest.version)
})

test('dependencies are pinned: no range can bring in what was not tested', () => {
  const ranges = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
    ([, wanted]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(wanted),
  )
  expect(ranges).toEqual([])
})
