/** A hint becomes an upstream only by the browser's own word: `/json/version` of that port must name the hinted browser. */
import { fetchFromBrowser, type BrowserAnswer } from './fetch-from-browser.ts'
import type { UpstreamHint } from './devtools-line.ts'
import { isIPv6 } from 'node:net'

/** `ws://…/devtools/browser/<id>`, or null: nobody there, another browser, or no browser. */
export async function confirmUpstream({ host, port, path }: UpstreamHint): Promise<string | null> {
  const named = browserPathIn(await fetchFromBrowser({ host, port }, 'GET', '/json/version'))
  if (named === null || (path !== null && path !== named)) return null
  return `ws://${isIPv6(host) ? `[${host}]` : host}:${port}${named}`
}

function browserPathIn(answer: BrowserAnswer): string | null {
  if (answer.kind !== 'answer' || answer.status !== 200) return null
  try {
    const { webSocketDebuggerUrl: url } = JSON.parse(answer.body.toString('utf8')) as { webSocketDebuggerUrl?: unknown }
    return typeof url === 'string' ? (/^ws:\/\/[^/]+(\/devtools\/browser\/[\w-]{1,64})$/.exec(url)?.[1] ?? null) : null
  } catch {
    return null // no JSON, so no browser
  }
}
