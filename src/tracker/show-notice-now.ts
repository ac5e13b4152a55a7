/** The first-run notice, after the command: the author's address, and the switch that says no. */
import { variableName } from '../consent/decide-consent.ts'
import { noticeText, showNotice } from '../consent/notice.ts'
import { type CommandLayout, consentPaths } from '../spool/spool-layout.ts'
import type { TrackerSettings } from './tracker-options.ts'

export function showNoticeNow({ app, notice }: TrackerSettings, { directory }: CommandLayout): void {
  if (notice === null) return
  showNotice(consentPaths(directory).noticeShown, noticeText({ app, url: notice.url, variable: variableName(app) }))
}
