// A quiet server, as long as it is told (ms): asks itself once a second, keeps a little and forgets it again, starts a short child now
// and then.
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createServer, get } from 'node:http'

const recent = []
const server = createServer((_, response) => {
  recent.push({ at: Date.now(), text: 'x'.repeat(10_000) })
  if (recent.length > 20) recent.shift()
  response.end(JSON.stringify({ requests: recent.length }))
}).listen(0, '127.0.0.1', () => {
  let asked = 0
  setInterval(() => {
    asked += 1
    get({ port: server.address().port, host: '127.0.0.1' }, (response) => response.resume())
    void readFile(import.meta.filename)
    if (asked % 10 === 0) {
      execFile('true')
      console.log(`asked ${asked}`)
    }
  }, 1000)
})
setTimeout(() => process.exit(0), Number(process.argv[2]))
