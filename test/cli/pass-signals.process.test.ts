import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { passSignals } from '../../src/cli/pass-signals.ts'
import { start } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'

test('passSignals() cancels when there is nobody yet to pass a signal on to, and remembers it', async () => {
  const signals = passSignals()
  onTestFinished(() => signals.stop())
  expect(signals.last()).toBeNull()
  process.kill(process.pid, 'SIGUSR2')
  await waitUntil('it is cancelled', () => signals.cancelled.aborted)
  expect(signals.last()).toBe('SIGUSR2')
})

test('passSignals() passes them on to a process that it holds, and to nobody who has its number later', async () => {
  const { pid, finished } = start('sleep', ['600'])
  await waitUntil('it is sleep', () => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n')
  const signals = passSignals()
  onTestFinished(() => signals.stop())
  signals.to(pid)
  process.kill(process.pid, 'SIGTERM')
  expect(await finished).toMatchObject({ signal: 'SIGTERM' })
  process.kill(process.pid, 'SIGHUP') // its process is gone: passed on to nobody, and no reason to cancel
  await waitUntil('it has come', () => signals.last() === 'SIGHUP')
  expect(signals.cancelled.aborted).toBe(false)
})

test('stop() gives signals back', () => {
  const before = process.listenerCount('SIGTERM')
  const signals = passSignals()
  expect(process.listenerCount('SIGTERM')).toBe(before + 1)
  signals.stop()
  expect(process.listenerCount('SIGTERM')).toBe(before)
})
