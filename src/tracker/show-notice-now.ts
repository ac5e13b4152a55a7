/** The first-run notice, after the command: the author's address, and the switch that says no. */
import { variableName } from '../consent/decide-consent.ts'
import { noticeText, showNotice } from '../consent/notice.ts'
import type { SpoolLayout } from '../spool/spool-layout.ts'
import type { TrackerSettings } from './tracker-options.ts'

export function showNoticeNow({ app, notice }: TrackerSettings, layout: SpoolLayout): void {
  if (notice === null) return
  showNotice(layout.noticeShown, noticeText({ app, url: notice.url, variable: variableName(app) }))
}
