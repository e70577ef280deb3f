import { Client as SdkClient } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Bench } from './bench-context.ts'
import type { Client } from './client.ts'

/** Something that answers MCP and is running now. */
export interface Target {
  name: string
  /** The process whose memory counts; undefined for the server itself. */
  pid: number | undefined
  /** The echo tool's name on this route. */
  tool: string
  /** A hand-written client. */
  open(): Promise<Client>
  /** The SDK's client; absent where it cannot speak (the envelope). */
  openSdk?(): Promise<Client>
}

type Place =
  | { kind: 'http'; url: URL; headers?: Record<string, string> }
  | { kind: 'sse'; url: URL }
  | { kind: 'stdio'; args: string[] }

function transport(
  place: Place,
): StdioClientTransport | SSEClientTransport | StreamableHTTPClientTransport {
  if (place.kind === 'sse') return new SSEClientTransport(place.url)
  if (place.kind === 'http') {
    return new StreamableHTTPClientTransport(place.url, {
      requestInit: { headers: place.headers ?? {} },
    })
  }
  return new StdioClientTransport({ command: process.execPath, args: place.args, stderr: 'ignore' })
}

/** The v1 SDK's client over the transport that the place needs. */
export async function openSdk(bench: Bench, place: Place): Promise<Client> {
  const client = new SdkClient({ name: 'bench', version: '1.0.0' })
  const way = transport(place)
  const connecting = client.connect(way)
  // It has spawned by now: the handshake is what takes time.
  if (way instanceof StdioClientTransport) bench.children.adopt(way.pid)
  await connecting
  return {
    callTool: async (name, args) => {
      const answer = await client.callTool({ name, arguments: args })
      if (answer.isError === true) throw new Error(`The tool ${name} failed.`)
      return 0
    },
    close: async () => {
      if (way instanceof StreamableHTTPClientTransport)
        await way.terminateSession().catch(() => undefined)
      await client.close()
    },
  }
}
