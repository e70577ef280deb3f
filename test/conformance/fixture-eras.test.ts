import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { expect, it, onTestFinished } from 'vitest'
import type { Era } from '../fixtures/conformance-http.ts'
import { startFixture, stdioFixture } from './fixture.ts'

// What the legs through the gateway rest on: a server of one era is of that era only, over either transport.

const modes = { legacy: 'legacy', modern: { pin: '2026-07-28' } } as const

const pairs: readonly { client: keyof typeof modes; server: Era; isServed: boolean }[] = [
  { client: 'legacy', server: 'legacy', isServed: true },
  { client: 'legacy', server: 'modern', isServed: false },
  { client: 'legacy', server: 'dual', isServed: true },
  { client: 'modern', server: 'legacy', isServed: false },
  { client: 'modern', server: 'modern', isServed: true },
  { client: 'modern', server: 'dual', isServed: true },
]

for (const transport of ['stdio', 'http'] as const)
  for (const { client: clientEra, server, isServed } of pairs)
    it(`over ${transport}, a ${server} server ${isServed ? 'serves' : 'refuses'} a ${clientEra} client`, async () => {
      const client = new Client(
        { name: 'test', version: '1' },
        { versionNegotiation: { mode: modes[clientEra] } },
      )
      onTestFinished(() => client.close())
      const connected = client.connect(await carrier(transport, server))
      if (!isServed) return expect(connected).rejects.toThrow()
      await connected
      expect(client.getProtocolEra()).toBe(clientEra)
      const result = await client.callTool({ name: 'test_simple_text', arguments: {} })
      expect(result.content).toMatchObject([{ type: 'text' }])
    })

async function carrier(transport: 'stdio' | 'http', server: Era) {
  if (transport === 'stdio')
    return new StdioClientTransport({
      command: process.execPath,
      args: stdioFixture(server),
      stderr: 'ignore',
    })
  const fixture = await startFixture(server)
  onTestFinished(() => fixture.stop())
  return new StreamableHTTPClientTransport(new URL(fixture.url))
}
