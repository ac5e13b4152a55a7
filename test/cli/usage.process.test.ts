import { describe, expect, test } from 'vitest'
import { makeHome } from '../support/home.ts'
import { start } from '../support/run.ts'
import { afterword, BIN } from './program.ts'

describe('afterword, used wrongly, exits 2 and says on stderr what is wrong', () => {
  test.each([
    ['', 'it wants a command', "'afterword --help' names the commands"],
    ['stauts', "there is no command 'stauts'. Did you mean status?", "'afterword --help'"],
    ['xyzzy', "there is no command 'xyzzy'", "'afterword --help'"],
    ['--nonsense', 'it wants a command', "'afterword --help'"],
    ['status extra', 'Unknown argument: extra', "'afterword status --help' shows its options"],
    ['status --nonsense', 'Unknown argument: nonsense', "'afterword status --help'"],
    ['status --deeper', 'Unknown argument: deep', "'afterword status --help'"],
    ['log --follow', 'Unknown argument: follow', "'afterword log --help'"],
    ['collect --forward x', 'Unknown argument', "'afterword collect --help'"],
    ['collect --app acme', 'Unknown argument: app', "'afterword collect --help'"],
    ['collect --listen nonsense', "--listen is 'nonsense', wants HOST:PORT", ''],
    ['status --app', 'Not enough arguments following: app', "'afterword status --help'"],
    ['status --app=', "--app is '', wants a name", "'afterword status --help'"],
    ['off --app ../x', "--app is '../x', wants a name", "'afterword off --help'"],
    ['on --directory=', '--directory is empty', "'afterword on --help'"],
    ['flush --host nonsense', "--host is 'nonsense', wants an address", "'afterword flush --help'"],
    ['flush --api-key phc_x', '--api-key wants --host', "'afterword flush --help'"],
  ])('afterword %s', async (words, complaint, where) => {
    const home = makeHome()
    const { code, stdout, stderr } = await afterword(home, words)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(`afterword${words.startsWith('collect --listen') ? ' collect' : ''}: ${complaint}`)
    expect(stderr).toContain(where)
    expect(stderr).not.toMatch(/\bat .*:\d+:\d+/)
    expect(home.files()).toEqual([])
  })
})

test('afterword without a command shows the help as well', async () => {
  expect((await afterword(makeHome(), '')).stderr).toContain('afterword status')
})

test.each([
  '--help',
  'status --help',
  'on --help',
  'off --help',
  'log --help',
  'flush --help',
  'collect --help',
  'demo --help',
])('afterword %s exits 0, on stdout', async (words) => {
  const { code, stdout, stderr } = await afterword(makeHome(), words, { LANG: 'de_DE.UTF-8', LC_ALL: 'de_DE.UTF-8' })
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toContain('Show help')
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
})

test('afterword --version', async () => {
  const { code, stdout } = await afterword(makeHome(), '--version')
  expect({ code, stdout }).toEqual({ code: 0, stdout: '0.1.0\n' })
})

test('a reader that stops reading is no failure', async () => {
  const home = makeHome()
  const shell = start(
    '/bin/sh',
    ['-c', `"$0" "$1" --help; "$0" "$1" status --json | head -n 1`, process.execPath, BIN],
    {
      env: home.env(),
    },
  )
  const { code, stderr } = await shell.finished
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
})
