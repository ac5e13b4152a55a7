// Preloaded into a host: a machine without `timeout`.
import fs from 'node:fs'

const { existsSync } = fs
fs.existsSync = (path) => !String(path).endsWith('/timeout') && existsSync(path)
