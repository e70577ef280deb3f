// A stdio MCP server whose only tool answers with `bytes` ASCII characters, as fast as a pipe takes them:
// the text is made once a size, so that what is measured is the way of the answer and not its making.
const texts = new Map<number, string>()
const answer = (id: number, result: string) =>
  process.stdout.write(`{"result":${result},"jsonrpc":"2.0","id":${JSON.stringify(id)}}\n`)

function big(bytes: number): string {
  const known = texts.get(bytes)
  if (known !== undefined) return known
  const text = 'abcdefgh'.repeat(Math.ceil(bytes / 8)).slice(0, bytes)
  const result = JSON.stringify({ content: [{ type: 'text', text }] })
  texts.set(bytes, result)
  return result
}

function handle(line: string): void {
  const { id, method, params } = JSON.parse(line)
  if (id === undefined) return
  if (method === 'initialize') {
    const serverInfo = { name: 'big', version: '1.0.0' }
    const { protocolVersion } = params
    answer(id, JSON.stringify({ protocolVersion, capabilities: { tools: {} }, serverInfo }))
  } else if (method === 'tools/list') {
    const inputSchema = { type: 'object', properties: { bytes: { type: 'integer' } } }
    answer(id, JSON.stringify({ tools: [{ name: 'big', inputSchema }] }))
  } else if (method === 'tools/call') answer(id, big(Number(params.arguments.bytes)))
  else if (method === 'ping') answer(id, '{}')
  else {
    const error = { code: -32601, message: 'Method not found' }
    process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, error })}\n`)
  }
}

let rest = ''
process.stdin.setEncoding('utf8').on('data', (chunk: string) => {
  rest += chunk
  for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
    handle(rest.slice(0, end))
    rest = rest.slice(end + 1)
  }
})
process.stdin.on('end', () => process.exit(0))
