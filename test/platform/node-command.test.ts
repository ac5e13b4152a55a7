import { readFileSync } from 'node:fs'
import { win32 } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type CommandSurroundings, resolveNodeCommand } from '../../src/platform/node-command.ts'

const NODEJS = 'C:\\Program Files\\nodejs'
const GLOBAL = 'C:\\Users\\ada\\AppData\\Roaming\\npm'
const PROJECT = 'C:\\proj\\bin' // the recorded shims stand beside node_modules
const NODE = `${NODEJS}\\node.exe`

function recording(name: string): string {
  return readFileSync(new URL(`../recordings/windows-shims/${name}.cmd`, import.meta.url), 'utf8')
}

/** A Windows with these files (path → content) and folders on the PATH; nothing else, whatever this machine has. */
function windows(files: Readonly<Record<string, string>>, folders: readonly string[]): CommandSurroundings {
  const byPath = new Map(Object.entries(files).map(([path, text]) => [win32.normalize(path).toLowerCase(), text]))
  const textOf = (path: string): string | undefined => byPath.get(win32.normalize(path).toLowerCase())
  return {
    windows: true,
    path: folders.join(';'),
    pathExt: '.COM;.EXE;.BAT;.CMD;.VBS;.JS;.MSC',
    directory: 'C:\\work',
    node: 'D:\\our\\node.exe',
    isProgram: (path) => path !== '' && textOf(path) !== undefined,
    readText: (path) => textOf(path) ?? null,
  }
}

function posix(programs: readonly string[], path: string, directory = '/work'): CommandSurroundings {
  return {
    windows: false,
    path,
    pathExt: '',
    directory,
    node: '/usr/bin/node',
    isProgram: (file) => programs.includes(file),
    readText: () => null,
  }
}

describe('resolveNodeCommand() on Windows', () => {
  const installed = windows(
    {
      [NODE]: 'MZ',
      [`${NODEJS}\\npm`]: '#!/bin/sh',
      [`${NODEJS}\\npm.cmd`]: recording('npm-10.9.4/npm'),
      [`${NODEJS}\\npx.cmd`]: recording('npm-10.9.4/npx'),
      [`${NODEJS}\\yarn.cmd`]: recording('corepack-0.34.7/yarn'),
      [`${NODEJS}\\pnpm.cmd`]: recording('corepack-0.34.7/pnpm'),
      [`${PROJECT}\\prettier.cmd`]: recording('cmd-shim-9.0.2/prettier'),
      [`${PROJECT}\\playwright.cmd`]: recording('pnpm-cmd-shim-7.0.0/playwright'),
      [`${PROJECT}\\prettier.ps1`]: 'throw',
    },
    [PROJECT, NODEJS, GLOBAL],
  )

  it.each([
    ['node', [NODE]],
    ['node.exe', [NODE]],
    ['npm', [NODE, `${NODEJS}\\node_modules\\npm\\bin\\npm-cli.js`]],
    ['NPM.CMD', [NODE, `${NODEJS}\\node_modules\\npm\\bin\\npm-cli.js`]],
    ['npx', [NODE, `${NODEJS}\\node_modules\\npm\\bin\\npx-cli.js`]],
    ['yarn', [NODE, `${NODEJS}\\node_modules\\corepack\\dist\\yarn.js`]],
    ['pnpm', [NODE, `${NODEJS}\\node_modules\\corepack\\dist\\pnpm.js`]],
    ['prettier', [NODE, 'C:\\proj\\node_modules\\prettier\\bin\\prettier.cjs']],
    ['playwright', [NODE, 'C:\\proj\\node_modules\\playwright\\cli.js']],
    [`${PROJECT}\\prettier`, [NODE, 'C:\\proj\\node_modules\\prettier\\bin\\prettier.cjs']],
  ])('%s becomes an executable and a script', (name, command) => {
    const argv = ['run', 'a b', '--x="%PATH%"', '']
    expect(resolveNodeCommand(name, argv, installed)).toEqual([...command, ...argv])
  })

  it.each([
    ['cmd-shim-9.0.2/prettier', ['..\\node_modules\\prettier\\bin\\prettier.cjs']],
    ['cmd-shim-4.1.0/prettier', ['..\\node_modules\\prettier\\bin\\prettier.cjs']],
    ['pnpm-cmd-shim-7.0.0/prettier', ['..\\node_modules\\prettier\\bin\\prettier.cjs']],
    ['pnpm-cmd-shim-7.0.0/playwright', ['..\\node_modules\\playwright\\cli.js']],
    ['cmd-shim-9.0.2/flagged', ['--no-warnings', '--max-old-space-size=4096', '..\\node_modules\\flagged\\cli.js']],
    [
      'pnpm-cmd-shim-7.0.0/flagged',
      ['--no-warnings', '--max-old-space-size=4096', '..\\node_modules\\flagged\\cli.js'],
    ],
    ['yarn-1.22.22/yarn', ['yarn.js']],
  ])('%s is followed to node and its script, wherever node is', (shim, words) => {
    const argv = words.map((word) => (word.startsWith('--') ? word : win32.join(PROJECT, word)))
    const file = { [`${PROJECT}\\tool.cmd`]: recording(shim) }
    const onPath = windows({ ...file, [NODE]: 'MZ' }, [PROJECT, NODEJS])
    const beside = windows({ ...file, [NODE]: 'MZ', [`${PROJECT}\\node.exe`]: 'MZ' }, [PROJECT, NODEJS])
    expect(resolveNodeCommand('tool', [], onPath)).toEqual([NODE, ...argv])
    // Yarn's own shim does not look beside itself; everybody else's does, and a PATH with the folder on it comes to the same.
    expect(resolveNodeCommand('tool', [], beside)).toEqual([`${PROJECT}\\node.exe`, ...argv])
    expect(resolveNodeCommand('tool', [], windows(file, [PROJECT]))).toEqual(['D:\\our\\node.exe', ...argv])
  })

  it.each(['cmd-shim-9.0.2/binary', 'pnpm-cmd-shim-7.0.0/binary'])('%s is followed to the .exe', (shim) => {
    const tool = 'C:\\proj\\node_modules\\binary\\tool.exe'
    const around = windows({ [`${PROJECT}\\tool.cmd`]: recording(shim), [tool]: 'MZ' }, [PROJECT])
    expect(resolveNodeCommand('tool', ['x'], around)).toEqual([tool, 'x'])
  })

  it.each([
    ['needs a variable in the environment', recording('cmd-shim-9.0.2/envy')],
    ['starts a program that is not there', recording('cmd-shim-9.0.2/shelly')],
    [
      'would open a window of an Electron app',
      '@echo off\r\nset ELECTRON_RUN_AS_NODE=1\r\n"%~dp0..\\Code.exe" "cli.js" %*\r\n',
    ],
    ['never hands on its arguments', '@echo off\r\necho hello\r\n'],
    ['starts itself', '@"%~dp0tool.cmd" %*'],
    ['closes what it did not open', ')\r\nnode x.js %*'],
  ])('a shim that %s stays itself, so that spawn refuses it', (_, text) => {
    const around = windows({ [`${PROJECT}\\tool.cmd`]: text, [NODE]: 'MZ' }, [PROJECT, NODEJS])
    expect(resolveNodeCommand('tool', ['x'], around)).toEqual([`${PROJECT}\\tool.cmd`, 'x'])
  })

  it('PATHEXT orders what stands in one folder, and a folder earlier on the PATH wins', () => {
    const files = { 'C:\\a\\tool.exe': 'MZ', 'C:\\a\\tool.com': 'MZ', 'C:\\b\\tool.exe': 'MZ', 'C:\\a\\tool.js': '' }
    expect(resolveNodeCommand('tool', [], windows(files, ['C:\\a', 'C:\\b']))).toEqual(['C:\\a\\tool.com'])
    expect(resolveNodeCommand('tool', [], windows(files, ['"C:\\b"', 'C:\\a']))).toEqual(['C:\\b\\tool.exe'])
  })

  it('a script of the Windows Script Host, an extension-less file and the current directory are no programs', () => {
    const files = { 'C:\\a\\tool.js': '', 'C:\\a\\tool': '#!/bin/sh', 'C:\\work\\tool.exe': 'MZ' }
    expect(resolveNodeCommand('tool', ['x'], windows(files, ['C:\\a', '']))).toEqual(['tool', 'x'])
  })
})

describe('resolveNodeCommand() on POSIX', () => {
  const programs = ['/usr/bin/npm', '/opt/bin/npm', '/work/bin/tool', '/work/npm']

  it.each([
    ['npm', '/opt/bin:/usr/bin', ['/opt/bin/npm', 'x']],
    ['npm', '/nowhere:/usr/bin', ['/usr/bin/npm', 'x']],
    ['./bin/tool', '/usr/bin', ['/work/bin/tool', 'x']],
    ['/usr/bin/npm', '', ['/usr/bin/npm', 'x']],
    ['npm', ':.', ['/work/npm', 'x']],
    ['npm', ':', ['npm', 'x']],
    ['absent', '/usr/bin', ['absent', 'x']],
    ['./absent', '/usr/bin', ['./absent', 'x']],
    ['', '/usr/bin', ['', 'x']],
  ])('%j on PATH %j', (name, path, argv) => {
    expect(resolveNodeCommand(name, ['x'], posix(programs, path))).toEqual(argv)
  })

  it.each(['node', 'npm', 'npx'])('%s of this machine is an absolute path that exists', (name) => {
    const [program, ...rest] = resolveNodeCommand(name, ['--version'])
    expect(program).toMatch(new RegExp(`^/.*/${name}$`))
    expect(rest).toEqual(['--version'])
  })
})
