/** The ID, or the ID with a number behind it that none has yet. */
export function freeId(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted
  const stem = wanted.replace(/-\d+$/, '').slice(0, 60)
  for (let number = 2; ; number++) {
    const id = `${stem}-${number}`
    if (!taken.has(id)) return id
  }
}

/** What a server may be called, from a package's name, a program's path or a URL. */
export function idFrom(source: string): string {
  const host = /^https?:\/\/([^/:]+)/.exec(source)?.[1]
  const word =
    host === undefined
      ? lastWord(source)
      : host.split('.').filter((part) => !plainParts.has(part))[0]
  const id = (word ?? '')
    .replace(/^(?:mcp-server-|server-mcp-|server-|mcp-)/, '')
    .replace(/(?:-mcp-server|-mcp|-server)$/, '')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 64)
  return id === '' ? 'server' : id
}

const plainParts = new Set(['www', 'mcp', 'api', 'com', 'org', 'io', 'dev', 'net', 'app', 'ai'])

/** Of `@scope/name@1.2` and `/usr/bin/name.exe`. */
function lastWord(source: string): string {
  const name = source.trim().replace(/(?<=.)@[^/@]*$/, '')
  return (name.split(/[/\\]/).at(-1) ?? name).replace(/\.(?:exe|cmd|js|mjs|py|sh)$/i, '')
}
