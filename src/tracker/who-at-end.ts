/**
 * Whom a command's event is booked to when somebody was signed in or out during it, or a look-up was due. Loaded then, by
 * command-run.ts: most commands are booked to whoever was there when they began.
 */
import type { DistinctId, PrincipalId } from '../identity/identity.ts'
import { REPORTER_LIMITS } from '../reporter/limits.ts'
import { lookUpFile } from './child-files.ts'
import { originOf } from './command-envelope.ts'
import type { HandOver } from './hand-over.ts'
import type { HostWord } from './host-word.ts'
import type { IdentityAtBegin } from './identity-at-begin.ts'
import { afterLogin, afterLogout, afterLookUp, type EndContext } from './identity-at-end.ts'
import { type LookUp, startLookUp } from './look-up.ts'
import { sendAliasNow } from './send-alias.ts'

export interface WhoContext extends HandOver {
  readonly begin: IdentityAtBegin
}

export class WhoAtEnd {
  readonly #context: WhoContext
  /** When the box of a login's look-up, lock and alias is over: one box, however often it is entered. */
  #boxEndMs: number | null = null
  #asked: LookUp | null = null

  constructor(context: WhoContext) {
    this.#context = context
  }

  /** Where nothing can be waited for. */
  now(told: HostWord | null): DistinctId {
    const { begin } = this.#context
    switch (told?.act) {
      case 'logout':
        return afterLogout(this.#endContext(), told).distinct
      case 'login': {
        const deadlineMs = this.#loginBox()
        const principal = this.#askedAnew((lookUp) => lookUp.nowWithin(deadlineMs - Date.now()), true)
        return this.#loggedIn(told, principal, deadlineMs)
      }
      case undefined:
        return begin.lookUp === null ? begin.distinct : afterLookUp(this.#endContext(), begin.lookUp).distinct
    }
  }

  /** In the moment of dying: a login's principal is not asked for any more. */
  dying(told: HostWord): DistinctId {
    return told.act === 'logout' ? this.now(told) : this.#loggedIn(told, null, Date.now())
  }

  /** After a login, with its look-up waited for; never rejects. The change itself is made by calling the answer. */
  async ofLogin(told: HostWord): Promise<() => DistinctId> {
    const deadlineMs = this.#loginBox()
    let principal: PrincipalId | null = null
    try {
      principal = await this.#askedAnew((lookUp) => lookUp.within(deadlineMs - Date.now()))
    } catch {
      // a look-up answers and does not reject; whatever else happened, nobody was named
    }
    return () => this.#loggedIn(told, principal, deadlineMs)
  }

  abort(): void {
    this.#asked?.abort()
  }

  #loginBox(): number {
    this.#boxEndMs ??= Date.now() + REPORTER_LIMITS.aliasMs
    return this.#boxEndMs
  }

  #loggedIn(told: HostWord, principal: PrincipalId | null, deadlineMs: number): DistinctId {
    const end = afterLogin(this.#endContext(), told, principal, Math.max(0, deadlineMs - Date.now()))
    if (end.alias !== null) sendAliasNow(this.#context, end.alias.uuid, deadlineMs - Date.now())
    return end.distinct
  }

  /** After a login the credential is a new one: what was asked at the beginning does not count. */
  #askedAnew(ask: (lookUp: LookUp) => Promise<LookUp['answer']>): Promise<PrincipalId | null>
  #askedAnew(ask: (lookUp: LookUp) => LookUp['answer'], blocking: true): PrincipalId | null
  #askedAnew(
    ask: (lookUp: LookUp) => LookUp['answer'] | Promise<LookUp['answer']>,
    blocking = false,
  ): PrincipalId | null | Promise<PrincipalId | null> {
    const { settings } = this.#context
    if (settings.principal === null) return null
    this.#asked?.abort()
    const lookUp = startLookUp(settings.principal, lookUpFile(), { blocking })
    this.#asked = lookUp
    const take = (answer: LookUp['answer']): PrincipalId | null => {
      lookUp.abort()
      return known(answer)
    }
    const answer = ask(lookUp)
    return answer instanceof Promise ? answer.then(take) : take(answer)
  }

  #endContext(): EndContext {
    const { settings, layout, begin, delivery } = this.#context
    return { settings, layout, begin, origin: originOf(settings, delivery) }
  }
}

function known(answer: LookUp['answer']): PrincipalId | null {
  return answer === 'pending' ? null : answer
}
