import os from 'node:os'
import path from 'node:path'
import { MCPConfigRegistry } from '@gleanwork/mcp-config-schema'
import type { ClientId } from '@gleanwork/mcp-config-schema'
import { agents } from 'add-mcp'
import type { AgentType } from 'add-mcp'
import { describe, expect, test } from 'vitest'
import { httpEntry, stdioEntry } from '../../src-main/ai-clients/client-entry.ts'
import { chooseFile } from '../../src-main/ai-clients/client-paths.ts'
import { clientById, clientTable } from '../../src-main/ai-clients/client-table.ts'
import type { System } from '../../src-main/ai-clients/client-definition.ts'

/**
 * Two tables that others keep. Where ours differs, the reason stands here; a difference that is not here fails, and so
 * does one that is no longer there.
 */
const differences: Record<string, string> = {
  'add-mcp claude-code stdio':
    'type: stdio is written as the client itself does; it is the default.',
  'add-mcp vscode stdio': 'type: stdio is written as the client itself does; it is the default.',
  'add-mcp codex http': 'Its own documentation has no type: the key url tells.',
  'add-mcp zed http': 'Its own documentation has url and headers alone.',
  'add-mcp gemini-cli http': 'Its own documentation: httpUrl; url is the old SSE transport.',
  'glean antigravity file':
    'Version 2 reads ~/.gemini/config (unity-mcp#1151); the old folder is taken where there is no new one.',
  'glean cursor http': 'The type may be left out.',
  'glean cursor stdio': 'The type may be left out.',
  'glean goose http': 'It takes headers, which that table does not map.',
  'glean opencode file': 'opencode.jsonc hides opencode.json, so that a new one gets that name.',
  'glean goose file': 'On Windows its documentation says %APPDATA%\\Block\\goose\\config.',
  'glean junie stdio': 'The type may be left out.',
  'glean claude-desktop stdio': 'The type may be left out.',
}

const given = { command: 'node', args: ['a', 'b'], env: { K: 'v' } }
const url = 'http://127.0.0.1:4444/mcp'
const headers = { Authorization: 'Bearer T' }

const seen = new Set<string>()
function compare(what: string, ours: unknown, theirs: unknown): void {
  if (JSON.stringify(sorted(ours)) === JSON.stringify(sorted(theirs))) return
  seen.add(what)
  if (differences[what] === undefined) expect({ [what]: ours }).toEqual({ [what]: theirs })
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => [key, sorted(one)]),
  )
}

describe('add-mcp', () => {
  const ours: Partial<Record<AgentType, string>> = {
    'github-copilot-cli': 'copilot-cli',
    'kiro-cli': 'kiro',
    mastracode: 'mastra-code',
  }
  const known = Object.entries(agents).map(([name, agent]) => {
    const id = ours[agent.name as AgentType] ?? name
    return { id, agent }
  })

  test('every client of it is in our table', () => {
    const ids = clientTable.map(({ id }) => id)
    expect(known.map(({ id }) => id).filter((id) => !ids.includes(id))).toEqual([])
  })

  test.each(known)('$id', ({ id, agent }) => {
    const client = clientById(id)
    const machine = { system: 'linux' as const, homedir: os.homedir(), env: process.env }
    const candidates = chooseFile(client, machine).candidates
    if (!candidates.includes(agent.configPath))
      compare(`add-mcp ${id} file`, candidates[0], agent.configPath)
    expect(client.container.path).toEqual([agent.configKey])
    const format = client.format === 'jsonc' ? 'json' : client.format
    expect(format).toBe(agent.format)
    compare(
      `add-mcp ${id} stdio`,
      stdioEntry(client.shape, 'n', given),
      agent.transformConfig('n', given),
    )
    if (client.shape.http === undefined) return
    compare(
      `add-mcp ${id} http`,
      httpEntry(client.shape, 'n', url, headers),
      agent.transformConfig('n', { type: 'http', url, headers }),
    )
  })
})

describe('mcp-config-schema', () => {
  const registry = new MCPConfigRegistry()
  const ours: Partial<Record<ClientId, string>> = {
    gemini: 'gemini-cli',
    'cursor-agent': 'cursor',
    'antigravity-cli': 'antigravity',
  }
  // ChatGPT, Claude for teams, Linear: no file; JetBrains' assistant: pasted.
  const configs = registry
    .getAllConfigs()
    .filter(
      ({ userConfigurable, configPath }) => userConfigurable && Object.keys(configPath).length > 0,
    )
    .filter(({ id }) => id !== 'jetbrains')

  test.each(configs)('$id', (config) => {
    const id = ours[config.id] ?? config.id
    const client = clientById(id)
    const home = '/home/ada'
    for (const system of ['darwin', 'linux', 'win32'] as const satisfies System[]) {
      const theirs = config.configPath[system]
      if (theirs === undefined) continue
      const env = { APPDATA: `${home}/AppData/Roaming`, LOCALAPPDATA: `${home}/AppData/Local` }
      const machine = { system, homedir: home, env: system === 'win32' ? env : {} }
      const plain = theirs
        .replaceAll('\\', '/')
        .replace(/^(?:\$HOME|%USERPROFILE%)/, home)
        .replace('%APPDATA%', env.APPDATA)
      const { file } = chooseFile(client, machine)
      compare(`glean ${id} file`, file, path.normalize(plain))
    }
    const { serversPropertyName, httpPropertyMapping, stdioPropertyMapping } =
      config.configStructure
    expect(client.container.path).toEqual([serversPropertyName])
    if (httpPropertyMapping !== undefined && client.shape.http !== undefined) {
      const { typeProperty, typeValue, urlProperty, headersProperty } = httpPropertyMapping
      const { before, url: urlKey, headers: headersKey } = client.shape.http
      compare(
        `glean ${id} http`,
        { type: typeProperty && before?.[typeProperty], urlKey, headersKey },
        { type: typeProperty && typeValue, urlKey: urlProperty, headersKey: headersProperty },
      )
    }
    if (stdioPropertyMapping === undefined) return
    const { commandProperty, argsProperty, envProperty, typeProperty } = stdioPropertyMapping
    const { command, args, env, before } = client.shape.stdio
    compare(
      `glean ${id} stdio`,
      { command, args: args ?? command, env, hasType: before?.['type'] !== undefined },
      {
        command: commandProperty,
        args: argsProperty,
        env: envProperty,
        hasType: typeProperty !== undefined,
      },
    )
  })
})

test('every difference that is explained is still there', () => {
  expect(Object.keys(differences).filter((what) => !seen.has(what))).toEqual([])
})
