import { BlockList, isIP } from 'node:net'

const LOOPBACK: BlockList = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** True for 127.0.0.0/8, ::1 and ::ffff:127.…; a name is never one, whatever it resolves to today. */
export function isLoopbackAddress(host: string): boolean {
  const family = isIP(host)
  return family !== 0 && LOOPBACK.check(host, family === 4 ? 'ipv4' : 'ipv6')
}

/**
 * DNS rebinding: a web page can point its own name at 127.0.0.1 and so become "same origin" with a server there. Its requests
 * still carry that name, so on loopback only names that cannot be anybody else's are answered (RFC 6761: localhost and below).
 */
export function isLoopbackHostHeader(header: string | undefined): boolean {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::\d{1,5})?$/i.exec(header ?? '')
  if (!match) return false
  const host = (match[1] ?? match[2] ?? '').toLowerCase()
  return host === 'localhost' || host.endsWith('.localhost') || isLoopbackAddress(host)
}
