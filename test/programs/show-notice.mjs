// show-notice.mjs MARKER: waits for the end of stdin (the starting shot), shows the notice, prints how that went.
import { readFileSync } from 'node:fs'
import { showNotice } from '../../dist/consent/notice.js'

process.stdout.write('ready')
readFileSync(0)
process.stdout.write(`,${showNotice(process.argv[2], 'the notice\n')}`)
