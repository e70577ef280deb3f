import type { EntryShape } from './client-definition.ts'

/** `command`, `args`, `env`: what most clients have taken over from the first one. */
const plainStdio = { command: 'command', args: 'args', env: 'env' } as const
const typedStdio = { before: { type: 'stdio' }, ...plainStdio } as const
const disabled = { key: 'disabled', value: true } as const

export const localOnly: EntryShape = { stdio: plainStdio }

/** `url` without a type. */
export const plainUrl: EntryShape = {
  stdio: plainStdio,
  http: { url: 'url', headers: 'headers' },
}

/** `type: http`, and nothing for local servers. */
export const typedUrl: EntryShape = {
  stdio: plainStdio,
  http: { before: { type: 'http' }, url: 'url', headers: 'headers' },
}

/** `type: http` and `type: stdio`. */
export const bothTyped: EntryShape = {
  stdio: typedStdio,
  http: { before: { type: 'http' }, url: 'url', headers: 'headers' },
}

export const serverUrl: EntryShape = {
  stdio: plainStdio,
  http: { url: 'serverUrl', headers: 'headers' },
  disabled,
}

/** Gemini's own: `url` would be taken for the old SSE transport. */
export const httpUrl: EntryShape = {
  stdio: plainStdio,
  http: { url: 'httpUrl', headers: 'headers' },
}

export const cline: EntryShape = {
  stdio: { ...plainStdio, after: { disabled: false } },
  http: {
    before: { type: 'streamableHttp' },
    url: 'url',
    headers: 'headers',
    after: { disabled: false },
  },
  disabled,
}

export const roo: EntryShape = {
  stdio: plainStdio,
  http: { before: { type: 'streamable-http' }, url: 'url', headers: 'headers' },
  disabled,
}

export const zed: EntryShape = {
  stdio: { before: { source: 'custom' }, ...plainStdio, envAlways: true },
  http: { before: { source: 'custom' }, url: 'url', headers: 'headers' },
  disabled: { key: 'enabled', value: false },
}

export const openCode: EntryShape = {
  stdio: {
    before: { type: 'local' },
    command: 'command',
    env: 'environment',
    after: { enabled: true },
  },
  http: {
    before: { type: 'remote' },
    url: 'url',
    headers: 'headers',
    after: { enabled: true },
  },
  disabled: { key: 'enabled', value: false },
}

/** What OpenCode 2 has below `mcp.servers`. */
export const openCodeNative: EntryShape = {
  stdio: { before: { type: 'local' }, command: 'command', env: 'environment' },
  http: { before: { type: 'remote' }, url: 'url', headers: 'headers' },
  disabled,
}

export const fx: EntryShape = {
  stdio: {
    before: { type: 'local' },
    command: 'command',
    env: 'environment',
    after: { enabled: true },
  },
  disabled: { key: 'enabled', value: false },
}

export const goose: EntryShape = {
  named: true,
  stdio: {
    before: { description: '', type: 'stdio' },
    command: 'cmd',
    args: 'args',
    env: 'envs',
    envAlways: true,
    after: { enabled: true, timeout: 300 },
  },
  http: {
    before: { description: '', type: 'streamable_http' },
    url: 'uri',
    headers: 'headers',
    after: { enabled: true, timeout: 300 },
  },
  disabled: { key: 'enabled', value: false },
}

/** Its transport takes the headers as options of a request. */
export const continueDev: EntryShape = { named: true, stdio: plainStdio }

export const codex: EntryShape = {
  stdio: plainStdio,
  http: { url: 'url', headers: 'http_headers' },
  disabled: { key: 'enabled', value: false },
}

export const grok: EntryShape = {
  stdio: plainStdio,
  http: { url: 'url', headers: 'headers' },
  disabled: { key: 'enabled', value: false },
}

export const vibe: EntryShape = {
  named: true,
  stdio: { before: { transport: 'stdio' }, ...plainStdio },
  http: { before: { transport: 'streamable-http' }, url: 'url', headers: 'headers' },
}

export const copilotCli: EntryShape = {
  stdio: { ...typedStdio, after: { tools: ['*'] } },
  http: {
    before: { type: 'http' },
    url: 'url',
    headers: 'headers',
    after: { tools: ['*'] },
  },
}

export const kimi: EntryShape = {
  stdio: { before: { transport: 'stdio' }, ...plainStdio },
  http: { before: { transport: 'http' }, url: 'url', headers: 'headers' },
}

/** `transport`, with local servers alone sure. */
export const namedTransport: EntryShape = {
  stdio: { ...plainStdio, after: { transport: 'stdio' } },
}
