import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NO_CONTEXT, type RedactionContext, redactMessage } from '../../src/events/redact.ts'

const POSIX: RedactionContext = { home: '/home/john smith', cwd: '/home/john smith/My Work/acme', user: 'johnny' }
const WINDOWS: RedactionContext = { home: 'C:\\Users\\Jörg Müller', cwd: 'C:\\Users\\Jörg Müller\\Neue Arbeit' }
const tail = 'Zq7Xw2Lk9Pv4Nm8Rt3Yb6Hc1Jd5Fg0Sa'

describe('redactMessage() replaces', () => {
  test.each<[string, string, string]>([
    [
      'a path in quotes',
      "ENOENT: no such file or directory, open '/home/x/y'",
      'ENOENT: no such file or directory, open <quoted>',
    ],
    ['a path', 'cannot read /etc/acme/secret.conf: denied', 'cannot read <path>: denied'],
    ['a relative path', 'cannot read src/my-plan.md (denied)', 'cannot read <path> (denied)'],
    ['a path in brackets', 'failed (./a(secret)/[b],c).', 'failed (<path>).'],
    ['a path at home', 'cannot read ~/plan', 'cannot read <path>'],
    ['the home folder, with its space', 'in /home/john smith nothing', 'in <path> nothing'],
    ['what is in the home folder', 'in /home/john smith/plan nothing', 'in <path> nothing'],
    ['the working folder', 'in /HOME/John Smith/my work/acme/plan nothing', 'in <path> nothing'],
    ['an encoded home folder', 'in %2Fhome%2Fjohn%20smith%2Fplan nothing', 'in <path> nothing'],
    ['an encoded path', 'in %2Ftmp%2Fplan nothing', 'in <path> nothing'],
    ['a file URL', 'in file:///home/john%20smith/plan.mjs nothing', 'in <path> nothing'],
    ['a Windows path', 'C:\\Users\\bob\\plan.txt: denied', '<path>: denied'],
    ['a UNC path', '\\\\server\\share\\plan denied', '<path> denied'],
    ['a file', 'salary-2024.xlsx is damaged', '<name> is damaged'],
    ['URL credentials and query', 'fetch https://u:p@h.example/x?token=1 (401)', 'fetch <url> (401)'],
    ['a data URL', 'bad data:text/plain;base64,aGFsbG8', 'bad <path>'],
    ['an e-mail address', 'mail bob.b+x@example.com, now', 'mail <email>, now'],
    ['IPv4', 'connect ECONNREFUSED 10.1.2.3:8080', 'connect ECONNREFUSED <ip>:8080'],
    ['IPv6', 'connect 2001:db8::7 and [::1]:80', 'connect <ip> and [<ip>]:80'],
    ['IPv6 with a zone', 'fe80::1%eth0 unreachable', '<ip> unreachable'],
    ['all addresses', 'EADDRINUSE: address in use :::3000', 'EADDRINUSE: address in use <ip>'],
    ['a MAC address', 'card aa:bb:cc:dd:ee:ff', 'card <ip>'],
    ['a host', 'getaddrinfo ENOTFOUND intranet', 'getaddrinfo ENOTFOUND <host>'],
    ['a dotted host', 'no route to db.corp.internal', 'no route to <name>'],
    ['a GitHub token', `remote: ghp_${tail} rejected`, 'remote: <secret> rejected'],
    ['a token cut by a NUL', `remote ghp_${tail.slice(0, 8)}\u0000${tail.slice(8)} x`, 'remote <secret> x'],
    ['a token cut by a zero-width space', `remote gh\u200bp_${tail} x`, 'remote <secret> x'],
    ['a token in colours', `remote gh\u001b[31mp_${tail}\u001b[0m x`, 'remote <secret> x'],
    ['a token in full width', 'bob＠example.com', '<email>'],
    ['a JWT', 'got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc_def', 'got <secret>'],
    ['a UUID', 'id 550E8400-e29b-41d4-a716-446655440000 gone', 'id <secret> gone'],
    ['hex', 'commit da39a3ee5e6b4b0d gone', 'commit <secret> gone'],
    ['a PEM block', 'x -----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY----- y', 'x <secret> y'],
    ['a PEM block without its end', 'x -----BEGIN RSA PRIVATE KEY----- MIIE abc', 'x <secret>'],
    ['a bearer', 'sent Bearer abc and failed', 'sent Bearer <secret> and failed'],
    ['a header', 'Authorization: Basic dTpw failed', 'Authorization: Basic <secret> failed'],
    ['a password', 'password=hunter2', 'password=<secret>'],
    ['a password with a space', 'password: hunter2 wrong', 'password: <secret> wrong'],
    ['a password with spaces', 'password = hunter2', 'password = <secret>'],
    ['a password in a list', '{password:hunter2,user:bob}', '{password:<secret>}'],
    ['a variable', 'DB_PASSWORD=hunter2', 'DB_PASSWORD=<secret>'],
    ['a variable with a separator', 'DB_PASSWORD=a/b@c', '<path>'],
    ['a key', 'x-api-key:abc123', 'x-api-key:<secret>'],
    ['the value of a flag', 'bad --token abc', 'bad --token <secret>'],
    ['the value of a flag with =', 'bad --password=abc', 'bad --password=<secret>'],
    ['any assigned value', 'bad --region=mars', 'bad --region=<value>'],
    ['something in angle brackets', 'key=<hunter>', 'key=<secret>'],
    ['a card', 'card 4111 1111 1111 1111 refused', 'card <number> refused'],
    ['a telephone', 'call +49 (170) 123-4567 now', 'call +49 (<number> now'],
    ['single quotes', "the 'it's mine' thing", 'the <quoted> thing'],
    ['double quotes', 'the "a \\" b" thing', 'the <quoted> thing'],
    ['backticks', 'the `rm x` thing', 'the <quoted> thing'],
    ['curly quotes', '“a” and ‘it’s’ and «b» and „c“', '<quoted> and <quoted> and <quoted> and <quoted>'],
    ['a quotation that never ends', 'unknown tool "my plan', 'unknown tool <quoted>'],
    ['the user', "johnny's laptop and JOHNNY", "<user>'s laptop and <user>"],
  ])('%s', (_, text, expected) => {
    expect(redactMessage(text, POSIX)).toBe(expected)
  })

  test.each<[string, string, string]>([
    ['home', 'in C:\\Users\\Jörg Müller\\x nothing', 'in <path> nothing'],
    ['home in another case', 'in c:\\users\\JÖRG MÜLLER nothing', 'in <path> nothing'],
    ['home in JSON', 'in C:\\\\Users\\\\Jörg Müller\\\\x nothing', 'in <path> nothing'],
    ['home with slashes', 'in C:/Users/Jörg Müller/Neue Arbeit nothing', 'in <path> nothing'],
    ['home as a URL', 'in file:///C:/Users/J%C3%B6rg%20M%C3%BCller/x nothing', 'in <url> nothing'],
    ['the user, by the name of the home folder', 'Hello Jörg Müller again', 'Hello <user> again'],
  ])('on Windows %s', (_, text, expected) => {
    expect(redactMessage(text, WINDOWS)).toBe(expected)
  })
})

test.each([
  "Cannot destructure property, can't do that",
  'Request failed with status code 404',
  'connect ETIMEDOUT after 120000ms',
  'ERR_MODULE_NOT_FOUND in Node.js v20.19.2',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE self-signed certificate in certificate chain',
  'Maximum call stack size exceeded',
  'I/O error, retry and/or give up (e.g. later) at 12:30:45',
  'spawn git ENOENT',
  'Unsupported engine, wants >=20.19.0, count=3 dry=false',
  'Fehler beim Öffnen der Datei',
  'ошибка чтения файла',
  'a == b, c => d',
  'root certificate of the user expired',
])('redactMessage() leaves %j as it is', (text) => {
  expect(redactMessage(text, { home: '/root', cwd: '/' })).toBe(text)
})

describe('redactMessage() reads', () => {
  const throwing = {
    get message(): string {
      throw new Error('hostile')
    },
  }
  const unprintable = {
    toString(): string {
      throw new Error('hostile')
    },
  }
  test.each<[string, unknown, string | null]>([
    ['an error', new TypeError('x is wrong'), 'x is wrong'],
    ['a number', 7, '7'],
    ['what says itself', { toString: () => 'it went wrong' }, 'it went wrong'],
    ['a plain object', { password: 'x' }, null],
    ['a throwing getter', throwing, null],
    ['a throwing toString', unprintable, null],
    ['a null prototype', Object.create(null), null],
    ['undefined', undefined, null],
    ['null', null, null],
    ['a symbol', Symbol('x'), null],
    ['a function', () => 'x', null],
    ['nothing', '', null],
    ['blanks', ' \n\t ', null],
    ['4 KiB', 'a '.repeat(2048), 'a '.repeat(150).trim()],
    ['more than 4 KiB', `a${'a '.repeat(2048)}`, null],
    ['lines, colours and control characters', '\u001b[1mone\u001b[0m\r\n\ttwo\u0007\u009b31m', 'one two'],
    ['lone surrogates', 'a\ud800b \udc00c', 'ab c'],
  ])('%s', (_, thrown, expected) => {
    expect(redactMessage(thrown, POSIX)).toBe(expected)
  })

  test('never half a placeholder at the cut', () => {
    for (let length = 280; length < 305; length++) {
      const text = `${'ab '.repeat(length / 3)}/home/x/y and more`
      expect(redactMessage(text, NO_CONTEXT)).not.toMatch(/<(?!path>)/)
    }
  })
})

/** Sentence-like text around what must not get out. */
const word = fc.constantFrom(
  'could',
  'not',
  'open',
  "can't",
  'the',
  'file',
  'error:',
  '(code',
  '404)',
  'Über',
  'é,',
  '—',
  '[x]',
  '12:30',
)
const words = fc.array(word, { maxLength: 12 }).map((list) => list.join(' '))
const SECRET = 'Canary'
const around = fc.constantFrom<(secret: string) => string>(
  (s) => `/home/${s}/x`,
  (s) => `/srv/a(${s})/[b]`,
  (s) => `./${s}`,
  (s) => `${s}/x`,
  (s) => `C:\\Users\\${s}`,
  (s) => `C:/Users/${s}/x.txt:3:4`,
  (s) => `\\\\${s}\\share`,
  (s) => `~/.config/${s}`,
  (s) => `%2Fhome%2F${s}`,
  (s) => `file:///home/${s}/x`,
  (s) => `https://${s}:x@example.com/`,
  (s) => `https://example.com/x?q=${s}#y`,
  (s) => `postgres://example.com/${s}`,
  (s) => `${s}@example.com`,
  (s) => `bob@${s}.example`,
  (s) => `'${s}'`,
  (s) => `'/a b/${s} c/d'`,
  (s) => `"it's ${s}"`,
  (s) => `\`${s} \${x}\``,
  (s) => `“${s} and 'more'”`,
  (s) => `‘${s} x’`,
  (s) => `"unclosed ${s} x`,
  (s) => `password=${s}`,
  (s) => `password: ${s}`,
  (s) => `API_KEY = ${s}`,
  (s) => `--token ${s}`,
  (s) => `--name=${s}`,
  (s) => `{secret:${s},x:1}`,
  (s) => `Authorization: Bearer ${s}`,
  (s) => `Cookie: sid=${s}; x=${s}`,
  (s) => `ENOTFOUND ${s}`,
  (s) => `${s}.example.com`,
  (s) => `${s}.docx`,
  (s) => `ghp_${tail}${s}`,
  (s) => `${s}${tail}`,
  (s) => `-----BEGIN X KEY-----\n${s} ${s}\n-----END X KEY-----`,
)
const glue = fc.constantFrom(' ', '\n', ' (', ': ', ' - ', '\u001b[31m ', '\t[')

describe('redactMessage() as a law', () => {
  test('lets no secret out of a path, URL, quotation, assignment, flag, header, host, token or block', () => {
    fc.assert(
      fc.property(words, glue, around, glue, words, (before, left, wrap, right, after) => {
        const text = `${before}${left}${wrap(SECRET)}${right}${after}`
        expect(redactMessage(text, POSIX) ?? '').not.toContain(SECRET)
      }),
      { numRuns: 5000 },
    )
  })

  test('keeps the sentence around what it takes out', () => {
    fc.assert(
      fc.property(around, (wrap) => {
        fc.pre(!wrap('').startsWith('"unclosed'))
        expect(redactMessage(`could not open ${wrap(SECRET)} twice`, POSIX)).toMatch(/^could not open .*<.* twice$/)
      }),
    )
  })

  const nasty = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 600 }),
    fc.string({ unit: 'binary', maxLength: 600 }),
    fc
      .array(
        fc.oneof(
          around.map((wrap) => wrap('x')),
          word,
          fc.constantFrom(
            '<path>',
            '<',
            '>',
            "'",
            '"',
            '=',
            ':',
            '--token',
            'password',
            '::',
            '/',
            ' ',
            '<secret>',
            'é',
            '\u0338',
            '@',
            '%41',
            '\\',
          ),
          fc.string({ maxLength: 6 }),
        ),
        { maxLength: 30 },
      )
      .chain((parts) => fc.constantFrom('', ' ').map((between) => parts.join(between))),
  )
  const contexts = fc.constantFrom(POSIX, WINDOWS, NO_CONTEXT, { home: '/Users/a', cwd: '/', user: 'secret' })

  test('is one line of at most 300 characters, well-formed, without control characters', () => {
    fc.assert(
      fc.property(nasty, contexts, (text, context) => {
        const redacted = redactMessage(text, context)
        if (redacted === null) return
        expect(redacted.length).toBeGreaterThan(0)
        expect(redacted.length).toBeLessThanOrEqual(300)
        expect(redacted).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u)
      }),
      { numRuns: 2000 },
    )
  })

  test('is the same when done again, also by a reporter that knows nothing of the machine', () => {
    fc.assert(
      fc.property(nasty, contexts, (text, context) => {
        const once = redactMessage(text, context)
        expect(redactMessage(once, context)).toBe(once)
        expect(redactMessage(once, NO_CONTEXT)).toBe(once)
      }),
      { numRuns: 4000 },
    )
  })

  test('gives a message for nearly all text', () => {
    fc.assert(
      fc.property(fc.array(nasty, { minLength: 50, maxLength: 50 }), (texts) => {
        const silent = texts.filter((text) => /[a-z]{3}/.test(text) && redactMessage(text, POSIX) === null)
        expect(silent).toEqual([])
      }),
    )
  })

  test('never throws, whatever was thrown', () => {
    fc.assert(
      fc.property(
        fc.anything({ withNullPrototype: true, withBigInt: true }),
        contexts,
        (thrown, context) => void redactMessage(thrown, context),
      ),
    )
  })

  test('never throws, whatever the folders are called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (home, user) => {
        redactMessage('could not open', { home, cwd: home, user })
      }),
    )
  })
})

// A ratio of two measurements of one run, each the best of several: no absolute time, no sleep.
const BLOCKS = [
  'a',
  'A',
  '0',
  ' ',
  '/',
  '\\',
  "'",
  " 'a",
  '"',
  '\\"',
  '`',
  '“',
  '<',
  '>',
  '<path>',
  '=',
  'a=',
  ':',
  '::',
  'a:',
  '.',
  'a.',
  '1.',
  '1 ',
  '1.1.1.',
  '-',
  '--token ',
  'password',
  'password:',
  '%',
  '%41',
  '@',
  'a@',
  '://',
  'a://',
  '-----BEGIN ',
  '-----END ',
  'eyJ',
  'sk-',
  'ghp_',
  'aB1',
  'é',
  '\u001b[',
  '\u001b]',
  '\u001b[0',
  'at (',
  '(',
  ')',
  '+1',
  'f:',
  'xQ',
  '/home/john smith',
  'home/',
  'johnny',
  'Jo',
  '＠',
  '\u200b',
  '\ud800',
] // prettier-ignore

test.each(BLOCKS)('redactMessage() is linear in a run of %j', (block) => {
  const best = (length: number): number => {
    const text = `x${block.repeat(length)}`.slice(0, length)
    let least = Number.POSITIVE_INFINITY
    for (let round = 0; round < 7; round++) {
      const start = process.hrtime.bigint()
      for (let i = 0; i < 3; i++) redactMessage(text, POSIX)
      least = Math.min(least, Number(process.hrtime.bigint() - start))
    }
    return least
  }
  best(512)
  // Eight times the input: 8 if linear, 64 if quadratic.
  expect(best(4096) / best(512)).toBeLessThan(24)
})
