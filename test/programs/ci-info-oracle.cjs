// Reads a JSON array of environments from stdin, answers with what ci-info says of each.
const vendors = require.resolve('ci-info')
const answers = JSON.parse(require('node:fs').readFileSync(0, 'utf8')).map((environment) => {
  process.env = environment
  delete require.cache[vendors]
  return require('ci-info').isCI
})
process.stdout.write(JSON.stringify(answers))
