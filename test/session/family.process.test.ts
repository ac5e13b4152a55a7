import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { openFamily } from '../../src/session/family.ts'
import { childrenOf, start } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'

const pidsOf = (family: ReturnType<typeof openFamily>): readonly number[] => family.alive().map(({ pid }) => pid)

/** A shell, its child, and that one's child, oldest first; all dead when the test is over. */
async function threeGenerations(): Promise<readonly [number, number, number]> {
  const { pid, child } = start('sh', ['-c', 'sh -c "sleep 600; :"; :'], { open: true })
  const mother = await waitUntil('a child', () => Number(childrenOf(pid)[0]) || null)
  const baby = await waitUntil('a grandchild', () => Number(childrenOf(mother)[0]) || null)
  onTestFinished(() => {
    child.kill('SIGKILL')
    for (const one of [mother, baby]) killIf(one)
  })
  return [pid, mother, baby]
}

function killIf(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // gone already
  }
}

test('openFamily() knows all descendants, parents before their children', async () => {
  const [root, mother, baby] = await threeGenerations()
  const family = openFamily([root])
  onTestFinished(() => family.close())
  expect(pidsOf(family)).toEqual([root])
  family.grow()
  expect(pidsOf(family)).toEqual([root, mother, baby])
  family.grow()
  expect(pidsOf(family)).toEqual([root, mother, baby])
})

test('openFamily() keeps a descendant whose parents are gone', async () => {
  const [root, mother, baby] = await threeGenerations()
  const family = openFamily([root])
  onTestFinished(() => family.close())
  family.grow()
  process.kill(mother, 'SIGKILL')
  await waitUntil(
    'its parent is another',
    () => !/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${baby}/status`, 'utf8'))?.[1]?.includes(String(mother)),
  )
  family.grow()
  expect(pidsOf(family)).toContain(baby)
  expect(pidsOf(family)).not.toContain(mother)
})

test('openFamily() does not count zombies, and nobody after close()', async () => {
  const { pid } = start('sh', ['-c', 'sleep 0 & exec sleep 600'])
  const family = openFamily([pid])
  await waitUntil('a zombie', () => {
    const [child] = childrenOf(pid)
    return child !== undefined && /\) Z/.test(readFileSync(`/proc/${child}/stat`, 'utf8'))
  })
  family.grow()
  expect(pidsOf(family)).toEqual([pid])
  family.close()
  expect(pidsOf(family)).toEqual([])
})

test('openFamily() of nobody is empty, and holds no descriptor', () => {
  const family = openFamily([2 ** 22 + 9])
  family.grow()
  expect(pidsOf(family)).toEqual([])
  family.close()
})
