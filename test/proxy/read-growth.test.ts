import fs from 'node:fs'
import { onTestFinished, expect, test } from 'vitest'
import { GrowingFile } from '../../src/proxy/read-growth.ts'
import { makeHome } from '../support/home.ts'

function growing(content: string | null) {
  const path = `${makeHome().path}/chromium.log`
  if (content !== null) fs.writeFileSync(path, content)
  const file = new GrowingFile(path)
  onTestFinished(() => file.close())
  const read = async () => {
    const { bytes, anew } = await file.read()
    return { text: bytes.toString(), anew }
  }
  return { path, read }
}

test('GrowingFile.read() gives what is there, and then only what was added', async () => {
  const { path, read } = growing('one\n')
  expect(await read()).toEqual({ text: 'one\n', anew: true })
  expect(await read()).toEqual({ text: '', anew: false })
  fs.appendFileSync(path, 'two\n')
  expect(await read()).toEqual({ text: 'two\n', anew: false })
})

test('GrowingFile.read() waits for a file that is not there yet', async () => {
  const { path, read } = growing(null)
  expect(await read()).toEqual({ text: '', anew: false })
  fs.writeFileSync(path, 'one\n')
  expect(await read()).toEqual({ text: 'one\n', anew: true })
})

test('GrowingFile.read() follows a rotation, and first reads the old file to its end', async () => {
  const { path, read } = growing('one\n')
  await read()
  fs.appendFileSync(path, 'last of the old\n')
  fs.renameSync(path, `${path}.1`)
  fs.writeFileSync(path, 'first of the new\n')
  expect(await read()).toEqual({ text: 'last of the old\n', anew: false })
  expect(await read()).toEqual({ text: 'first of the new\n', anew: true })
})

test('GrowingFile.read() begins again after a truncation', async () => {
  const { path, read } = growing('one\ntwo\nthree\n')
  await read()
  fs.truncateSync(path)
  fs.appendFileSync(path, 'new\n')
  expect(await read()).toEqual({ text: 'new\n', anew: true })
})

test('GrowingFile.read() begins again when the truncated file has grown past the old end', async () => {
  const { path, read } = growing('one\n')
  await read()
  fs.truncateSync(path)
  fs.appendFileSync(path, 'something else, and longer\n')
  expect(await read()).toEqual({ text: 'something else, and longer\n', anew: true })
})

test('GrowingFile.read() refuses what is no plain file, and does not wait for it', async () => {
  const { path, read } = growing(null)
  fs.mkdirSync(path)
  await expect(read()).rejects.toThrow(/no plain file|EISDIR/)
})
