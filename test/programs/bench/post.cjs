// The floor of a reporter: one event over node:http, no lock, no journal, no consent, no verdict, no posthog-node.
const { readFileSync, unlinkSync } = require('node:fs')
const { request } = require('node:http')
const [, , file] = process.argv
const event = readFileSync(file, 'utf8').trim().split('\n').at(-1)
const batch = [{ ...JSON.parse(event), uuid: 'by-hand', distinct_id: 'by-hand' }]
const headers = { 'content-type': 'application/json' }
const asked = request(`${process.env.ENDPOINT}/batch/`, { method: 'POST', headers }, (answer) => {
  answer.resume().on('end', () => unlinkSync(file))
})
asked.end(JSON.stringify({ api_key: 'phc_bench', batch }))
