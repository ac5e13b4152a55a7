import { describe, expect, it } from 'vitest'
import { makeHome } from './home.ts'
import { expectNobodyLeft } from './processes.ts'
import { start } from './run.ts'

describe('expectNobodyLeft(), the look after all tests', () => {
  it('names whoever lives on, and is content when he has ended', async () => {
    const home = makeHome()
    const args = ['-e', 'console.log("here"); setInterval(() => {}, 1000)']
    const running = start(process.execPath, args, { env: home.env() })
    await running.said('here')
    await expect(expectNobodyLeft(home.path, 200)).rejects.toThrow(`${running.pid} ${process.execPath} -e`)
    running.child.kill('SIGKILL')
    await expectNobodyLeft(home.path)
  })
})
