import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runNode } from '../support/run.ts'

const FOLDERS = 400

test('makeFolder() of several processes at once: each finds it made', async () => {
  const root = mkdtempSync(join(process.env['AFTERWORD_TEST_HOME'] ?? '/tmp', 'folders-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  // All begin with the same one when the last of them is there.
  const make = `
    import { makeFolder } from ${JSON.stringify(new URL('../../dist/session/make-folder.js', import.meta.url).href)}
    import { existsSync, readdirSync, writeFileSync } from 'node:fs'
    const root = process.argv[1]
    writeFileSync(root + '/here-' + process.pid, '')
    while (readdirSync(root).filter((name) => name.startsWith('here-')).length < 4);
    for (let i = 0; i < ${FOLDERS}; i += 1) makeFolder(root + '/' + i + '/a/b')`
  const ends = await Promise.all(
    Array.from({ length: 4 }, () => runNode(['--input-type=module', '-e', make, root], { env: process.env })),
  )
  expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual(Array.from({ length: 4 }, () => [0, '']))
  expect(statSync(`${root}/0/a`).mode & 0o777).toBe(0o700)
  expect(existsSync(`${root}/${FOLDERS - 1}/a/b`)).toBe(true)
})
