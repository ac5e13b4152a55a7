import { array, assert, constantFrom, property, string } from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  quoteWindowsArgument,
  wideText,
  windowsCommandLine,
  windowsEnvironmentBlock,
} from '../../src/platform/windows-command-line.ts'

/** CommandLineToArgvW's rules, written down from its documentation: what the child makes of a command line. */
function takenApart(line: string): readonly string[] {
  const argv: string[] = []
  let at = line.indexOf('"', 1) + 1 // the program: up to the next quote, no escapes
  argv.push(line.slice(1, at - 1))
  while (at < line.length) {
    while (line[at] === ' ' || line[at] === '\t') at++
    if (at >= line.length) break
    let argument = ''
    let quoted = false
    for (; at < line.length && (quoted || (line[at] !== ' ' && line[at] !== '\t')); at++) {
      let slashes = 0
      while (line[at] === '\\') {
        slashes++
        at++
      }
      if (line[at] !== '"') {
        argument += '\\'.repeat(slashes)
        if (at >= line.length || (!quoted && (line[at] === ' ' || line[at] === '\t'))) {
          at--
          if (at + 1 >= line.length || !quoted) {
            at++
            break
          }
        }
        argument += line[at] ?? ''
        continue
      }
      argument += '\\'.repeat(Math.floor(slashes / 2))
      if (slashes % 2 === 1) argument += '"'
      else quoted = !quoted
    }
    argv.push(argument)
  }
  return argv
}

describe('quoteWindowsArgument()', () => {
  it.each([
    ['plain', 'plain'],
    ['', '""'],
    ['two words', '"two words"'],
    ['a\tb', '"a\tb"'],
    ['say "hi"', '"say \\"hi\\""'],
    ['C:\\Program Files\\', '"C:\\Program Files\\\\"'],
    ['C:\\plain\\', 'C:\\plain\\'],
    ['\\"', '"\\\\\\""'],
    ['%PATH% & ^', '"%PATH% & ^"'],
  ])('%j becomes %j', (argument, quoted) => {
    expect(quoteWindowsArgument(argument)).toBe(quoted)
  })
})

describe('windowsCommandLine()', () => {
  it('comes apart into the same arguments, whatever they hold', () => {
    const argument = string({ unit: constantFrom('a', '\\', '"', ' ', '\t', 'ü', '%', '&') })
    assert(
      property(array(argument), (args) => {
        const program = 'C:\\Program Files\\nodejs\\node.exe'
        expect(takenApart(windowsCommandLine(program, args))).toEqual([program, ...args])
      }),
    )
  })
})

describe('windowsEnvironmentBlock()', () => {
  it('is sorted by upper-cased name, in UTF-16, with two NULs at the end', () => {
    const block = windowsEnvironmentBlock({
      windir: 'C:\\Windows',
      TEMP: 'ü',
      SystemRoot: 'C:\\Windows',
      A_B: '1',
      AB: '2',
    })
    expect(block.toString('utf16le')).toBe('AB=2\0A_B=1\0SystemRoot=C:\\Windows\0TEMP=ü\0windir=C:\\Windows\0\0')
  })

  it('keeps the last of two names that differ by case alone', () => {
    expect(windowsEnvironmentBlock({ Path: 'a', PATH: 'b', GONE: undefined }).toString('utf16le')).toBe('PATH=b\0\0')
  })

  it('is two NULs when it is empty', () => {
    expect(windowsEnvironmentBlock({})).toEqual(Buffer.alloc(4))
  })
})

describe('wideText()', () => {
  it('ends with a NUL and may be written to', () => {
    const text = wideText('ab')
    expect(text).toEqual(Buffer.from([97, 0, 98, 0, 0, 0]))
    text[0] = 0
  })
})
