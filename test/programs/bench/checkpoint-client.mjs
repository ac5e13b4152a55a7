// Prisma's: a detached child per event, once a day unless forced.
import { check } from 'checkpoint-client'

await (async () => {})()
const about = {
  product: 'acme',
  version: '1.2.3',
  project_hash: 'bench',
  cli_path_hash: 'bench',
  command: 'toolkit.run',
}
await check({ ...about, endpoint: process.env.ENDPOINT, force: true, unref: true, disable: false })
globalThis.afterCommand?.()
