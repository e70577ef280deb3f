// A stdio MCP server of revision 2026-07-28 and no other, with the echo tool of server-everything.
import { McpServer } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { z } from 'zod'

const inputSchema = z.object({ message: z.string() })

function server(): McpServer {
  const it = new McpServer({ name: 'modern', version: '1.0.0' })
  it.registerTool('echo', { description: 'Echoes back', inputSchema }, ({ message }) => ({
    content: [{ type: 'text', text: `Echo: ${message}` }],
  }))
  return it
}

serveStdio(server, { legacy: 'reject' })
