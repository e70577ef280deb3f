/**
 * What the suite starts for a client scenario, with the URL of its test server as the last argument. The client under
 * test is the gateway: this starts one in front of that server and then makes the calls that the scenario waits for,
 * as any AI client would. With `--modern` it speaks 2026-07-28 to the gateway, else the revisions before.
 */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { z } from 'zod'
import { startGateway } from './gateway-process.ts'
import { signingIn } from './sign-in-driver.ts'

type Drive = (client: Client) => Promise<void>

/** Of scenarios that say which calls they want. */
const contextSchema = z.object({
  toolCalls: z
    .array(z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()) }))
    .default([]),
})

const drives: Readonly<Record<string, Drive>> = {
  initialize: listTools,
  'request-metadata': listTools,
  'json-schema-ref-no-deref': listTools,
  tools_call: (client) => callTool(client, 'add_numbers', { a: 5, b: 3 }),
  'sse-retry': (client) => callTool(client, 'test_reconnection'),
  'elicitation-sep1034-client-defaults': (client) =>
    callTool(client, 'test_client_elicitation_defaults'),
  'json-schema-2020-12-preservation': async (client) => {
    const { tools } = await client.listTools()
    const tool = tools.find(({ name }) => name === 'json_schema_2020_12_tool')
    await callTool(client, 'json_schema_echo', { schema: tool?.inputSchema })
  },
  'sep-2322-client-request-state': async (client) => {
    await callTool(client, 'test_mrtr_echo_state')
    await callTool(client, 'test_mrtr_no_state')
    await callTool(client, 'test_mrtr_unrelated')
    // Its result breaks the revision; what counts is that nobody asks again.
    await callTool(client, 'test_mrtr_no_result_type').catch(() => {})
  },
  'http-standard-headers': async (client) => {
    const { tools } = await client.listTools()
    for (const { name } of tools) await client.callTool({ name, arguments: {} })
    const { resources } = await client.listResources()
    for (const { uri } of resources) await client.readResource({ uri })
    const { prompts } = await client.listPrompts()
    for (const { name } of prompts) await client.getPrompt({ name, arguments: {} })
  },
  'http-custom-headers': async (client) => {
    await client.listTools()
    const context: unknown = JSON.parse(process.env['MCP_CONFORMANCE_CONTEXT'] ?? '{}')
    for (const call of contextSchema.parse(context).toolCalls) await client.callTool(call)
  },
  'http-invalid-tool-headers': async (client) => {
    const { tools } = await client.listTools()
    for (const { name } of tools) await client.callTool({ name, arguments: { region: 'us-west1' } })
  },
}

async function listTools(client: Client): Promise<void> {
  await client.listTools()
}

async function callTool(client: Client, name: string, args: object = {}): Promise<void> {
  const { tools } = await client.listTools()
  if (!tools.some((tool) => tool.name === name)) throw new Error(`There is no tool ${name}.`)
  const result = await client.callTool({ name, arguments: { ...args } })
  if (result.isError === true) throw new Error(JSON.stringify(result.content))
}

/** Accepts every form with nothing filled in, so that defaults are what counts. */
async function connect(url: string, isModern: boolean): Promise<Client> {
  const client = new Client(
    { name: 'conformance-driver', version: '1.0.0' },
    {
      capabilities: { elicitation: { form: { applyDefaults: true } } },
      versionNegotiation: { mode: isModern ? { pin: '2026-07-28' } : 'legacy' },
    },
  )
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: {} }))
  await client.connect(new StreamableHTTPClientTransport(new URL(url)))
  return client
}

const connectTo =
  (isModern: boolean) =>
  (url: string): Promise<Client> =>
    connect(url, isModern)

async function main(scenario: string, serverUrl: string, isModern: boolean): Promise<void> {
  if (scenario.startsWith('auth/')) return signingIn(serverUrl, connectTo(isModern))
  const drive = drives[scenario]
  if (!drive) throw new Error(`Nobody has said what to do for ${scenario}.`)
  const gateway = await startGateway({ type: 'remote-http', url: serverUrl })
  try {
    const client = await connect(gateway.url, isModern)
    await drive(client)
    await client.close()
  } finally {
    await gateway.stop()
  }
}

const scenario = process.env['MCP_CONFORMANCE_SCENARIO'] ?? ''
await main(scenario, process.argv.at(-1) ?? '', process.argv.includes('--modern'))
