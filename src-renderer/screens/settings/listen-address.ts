/** What is wrong with an address to listen on, or undefined. The gateway checks it again when it is saved. */
export function problemOfAddress(text: string): string | undefined {
  const parts = /^(\[[0-9a-f:.]+\]|[^:\s[\]]+):(\d+)$/i.exec(text.trim())
  if (parts === null)
    return 'Write it as host:port, such as 127.0.0.1:4444, or [::1]:4444 for IPv6.'
  if (Number(parts[2]) > 65_535) return 'A port is a number from 0 to 65535; 0 picks a free one.'
  return undefined
}

/** True where others on the network can reach it. */
export function isOpenToNetwork(text: string): boolean {
  const host = text
    .trim()
    .replace(/:\d*$/, '')
    .replace(/^\[|\]$/g, '')
  return !/^(127(\.\d+){3}|localhost|::1)$/i.test(host)
}
