/**
 * `node:fs` for everything that the host's bundle may hold: an import of it is evaluated when the CLI starts, and costs 1.3 ms that this
 * does not. Once, for all: each further call would be a line of the bundle and a look-up at its start.
 */
import type * as nodeFs from 'node:fs'

export const fs: typeof nodeFs = process.getBuiltinModule('node:fs')
