import {
  Client as ClientV2,
  StreamableHTTPClientTransport as HttpV2,
} from '@modelcontextprotocol/client'
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport as HttpV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'
import { sharedCapabilities } from '../../src-main/mcp/client-capability.ts'
import type { Command } from './gateway-program.ts'

/** Whatever JSON says; nothing of an answer is stripped or checked. */
export type Json = Record<string, unknown>
const anything = z.record(z.string(), z.unknown())

export type Sdk = 'v1' | 'v2'

/** Where a client connects to. */
export type Target = { command: Command } | { url: URL; headers: Record<string, string> }

/** What a person, a model or an editor behind the client would say. */
export interface Answers {
  sampling: (params: Json) => Promise<SampledText> | SampledText
  elicitation: (params: Json) => ElicitedForm
  roots: () => Root[]
}

type SampledText = {
  role: 'assistant'
  model: string
  stopReason: string
  content: { type: 'text'; text: string }
}

type ElicitedForm = {
  action: 'accept' | 'decline' | 'cancel'
  content?: Record<string, string | number | boolean | string[]>
}

export type Root = {
  uri: string
  name: string
}

const usualAnswers: Answers = {
  sampling: () => ({
    role: 'assistant',
    model: 'a-model',
    stopReason: 'endTurn',
    content: { type: 'text', text: 'Sampled: grüße \u2028 😀' },
  }),
  elicitation: (params) =>
    params['mode'] === 'url'
      ? { action: 'accept' }
      : { action: 'accept', content: { name: 'Ada', check: true, integer: 42 } },
  roots: () => [],
}

export interface ConnectOptions {
  capabilities?: Json
  answers?: Partial<Answers>
}

export interface RequestExtras {
  onprogress?: (progress: Json) => void
  signal?: AbortSignal
  timeout?: number
}

/** A notification that belongs to no request. */
export interface Notice {
  method: string
  params?: Json | undefined
}

/** One connection of either SDK, with the same face. */
export interface SdkClient {
  readonly sdk: Sdk
  readonly capabilities: Json
  readonly notices: Notice[]
  /** What servers have asked, by method. */
  readonly asked: { method: string; params: Json }[]
  readonly instructions: string | undefined
  readonly serverCapabilities: Json
  readonly serverName: string | undefined
  /** One request, its answer as it came. Rejects with the error that the SDK makes of a JSON-RPC error. */
  request(method: string, params?: Json, extras?: RequestExtras): Promise<Json>
  notify(method: string, params?: Json): Promise<void>
  /** `callTool` as a program would use it: with what the SDK knows of output schemas. */
  callTool(name: string, args: Json): Promise<Json>
  /** `listTools` and its like: with all of the SDK's checks. */
  list(what: 'tools' | 'prompts' | 'resources' | 'resourceTemplates'): Promise<Json[]>
  close(): Promise<void>
}

const open = new Set<SdkClient>()

/** Ends what a failed test has left connected; for afterEach. */
export async function closeClients(): Promise<void> {
  await Promise.all([...open].map((client) => client.close()))
}

/** Connects as a client that declares what the gateway declares upstream, unless told otherwise. */
export async function connect(
  sdk: Sdk,
  target: Target,
  options: ConnectOptions = {},
): Promise<SdkClient> {
  const capabilities: Json = options.capabilities ?? sharedCapabilities
  const answers = { ...usualAnswers, ...options.answers }
  const client = await (sdk === 'v1'
    ? connectV1(target, capabilities, answers)
    : connectV2(target, capabilities, answers))
  open.add(client)
  return client
}

const clientInfo = { name: 'integration-test', version: '1.0.0' }

async function connectV1(target: Target, capabilities: Json, answers: Answers): Promise<SdkClient> {
  const client = new ClientV1(clientInfo, { capabilities })
  const notices: Notice[] = []
  const asked: { method: string; params: Json }[] = []
  if ('sampling' in capabilities)
    client.setRequestHandler(CreateMessageRequestSchema, async ({ method, params }) => {
      asked.push({ method, params })
      return answers.sampling(params)
    })
  if ('elicitation' in capabilities)
    client.setRequestHandler(ElicitRequestSchema, ({ method, params }) => {
      asked.push({ method, params })
      return answers.elicitation(params)
    })
  if ('roots' in capabilities)
    client.setRequestHandler(ListRootsRequestSchema, ({ method }) => {
      asked.push({ method, params: {} })
      return { roots: answers.roots() }
    })
  client.fallbackNotificationHandler = async (notice) => void notices.push(notice)
  const transport =
    'url' in target
      ? new HttpV1(target.url, { requestInit: { headers: target.headers } })
      : new StdioV1({ ...target.command, stderr: 'ignore' })
  await client.connect(transport)
  const self: SdkClient = {
    sdk: 'v1',
    capabilities,
    notices,
    asked,
    instructions: client.getInstructions(),
    serverCapabilities: { ...client.getServerCapabilities() },
    serverName: client.getServerVersion()?.name,
    request: (method, params, extras) => client.request({ method, params }, anything, extras),
    notify: (method, params) => client.notification({ method, params }),
    callTool: async (name, args) => ({ ...(await client.callTool({ name, arguments: args })) }),
    list: async (what) => {
      if (what === 'tools') return (await client.listTools()).tools
      if (what === 'prompts') return (await client.listPrompts()).prompts
      if (what === 'resources') return (await client.listResources()).resources
      return (await client.listResourceTemplates()).resourceTemplates
    },
    close: async () => {
      open.delete(self)
      if (transport instanceof HttpV1) await transport.terminateSession().catch(() => {})
      await client.close()
    },
  }
  return self
}

async function connectV2(target: Target, capabilities: Json, answers: Answers): Promise<SdkClient> {
  const client = new ClientV2(clientInfo, { capabilities, versionNegotiation: { mode: 'legacy' } })
  const notices: Notice[] = []
  const asked: { method: string; params: Json }[] = []
  if ('sampling' in capabilities)
    client.setRequestHandler('sampling/createMessage', async ({ method, params }) => {
      asked.push({ method, params })
      return answers.sampling(params)
    })
  if ('elicitation' in capabilities)
    client.setRequestHandler('elicitation/create', ({ method, params }) => {
      asked.push({ method, params })
      return answers.elicitation(params)
    })
  if ('roots' in capabilities)
    client.setRequestHandler('roots/list', ({ method }) => {
      asked.push({ method, params: {} })
      return { roots: answers.roots() }
    })
  client.fallbackNotificationHandler = async (notice) => void notices.push(notice)
  const transport =
    'url' in target
      ? new HttpV2(target.url, { requestInit: { headers: target.headers } })
      : new StdioV2({ ...target.command, stderr: 'ignore' })
  await client.connect(transport)
  const self: SdkClient = {
    sdk: 'v2',
    capabilities,
    notices,
    asked,
    instructions: client.getInstructions(),
    serverCapabilities: { ...client.getServerCapabilities() },
    serverName: client.getServerVersion()?.name,
    request: (method, params, extras) => client.request({ method, params }, anything, extras),
    notify: (method, params) => client.notification({ method, params }),
    callTool: async (name, args) => ({ ...(await client.callTool({ name, arguments: args })) }),
    list: async (what) => {
      if (what === 'tools') return (await client.listTools()).tools
      if (what === 'prompts') return (await client.listPrompts()).prompts
      if (what === 'resources') return (await client.listResources()).resources
      return (await client.listResourceTemplates()).resourceTemplates
    },
    close: async () => {
      open.delete(self)
      if (transport instanceof HttpV2) await transport.terminateSession().catch(() => {})
      await client.close()
    },
  }
  return self
}
