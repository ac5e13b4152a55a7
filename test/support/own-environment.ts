/** Before each test file: the environment says nothing about CI, consent or proxies, and HOME is the tests' own. */
import { clearedVariables } from './environment.ts'

for (const name of clearedVariables(process.env)) delete process.env[name]
process.env['HOME'] = process.env['AFTERWORD_TEST_HOME'] ?? process.env['HOME']
