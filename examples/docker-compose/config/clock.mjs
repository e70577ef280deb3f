// A whole MCP server without any package: one tool that tells the time.
const tools = [
  {
    name: 'now',
    description: 'The time, in ISO 8601',
    inputSchema: { type: 'object', properties: {} },
  },
]

const answers = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'clock', version: '1.0.0' },
  }),
  ping: () => ({}),
  'tools/list': () => ({ tools }),
  'tools/call': () => ({ content: [{ type: 'text', text: new Date().toISOString() }] }),
}

function answer(line) {
  const { id, method, params } = JSON.parse(line)
  if (id === undefined) return
  const known = answers[method]
  const outcome = known
    ? { result: known(params) }
    : { error: { code: -32601, message: `Method not found: ${method}` } }
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...outcome })}\n`)
}

let rest = ''
for await (const chunk of process.stdin.setEncoding('utf8')) {
  const lines = (rest + chunk).split('\n')
  rest = lines.pop()
  for (const line of lines) if (line.trim() !== '') answer(line)
}
