/** docs/events.md, from the catalogue. */
import { CATALOGUE, type EventName, shapeOf } from '../../src/events/catalogue.ts'
import { EVENT_DOCS, type PropertyDoc, SHAPE_DOCS } from '../../src/events/catalogue-docs.ts'

const INTRODUCTION = `# Events

Everything afterword sends, and nothing else: a value that does not fit its shape does not leave. Made from the catalogue in
\`src/events/catalogue.ts\`; a test compares the two. To make it again: \`UPDATE_DOCS=1 npx vitest run test/docs/events-md.test.ts\`.

Besides its properties an event has a name, a UUID, a time, and a distinct id: the random id of the installation, or the principal
who is signed in. Events of the former carry \`$process_person_profile: false\`. On sending, \`$lib\`, \`$lib_version\` and \`sent_at\` are added.

Events about commands also carry what the host itself declares with \`defineProperties\`: one of a list of constants, an integer, a
boolean. There is no way to declare free text.
`

export function eventsMarkdown(): string {
  return [INTRODUCTION, ...(Object.keys(CATALOGUE) as EventName[]).map(section)].join('\n')
}

function section(event: EventName): string {
  const { when, properties } = EVENT_DOCS[event]
  const rows = Object.entries(properties).map(([name, doc]) => row(event, name, doc))
  return `## \`${event}\`\n\n${when}\n\n| property | value | present | what it says |\n|---|---|---|---|\n${rows.join('\n')}\n`
}

function row(event: EventName, name: string, { description, present }: PropertyDoc): string {
  const shape = shapeOf(event, name)
  if (shape === undefined) throw new Error(`docs of ${event}: got ${name}, wants a property of the catalogue`)
  return `| \`${name}\` | ${SHAPE_DOCS[shape]} | ${present} | ${description} |`
}
