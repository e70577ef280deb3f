// The floor: what a 20-line passthrough costs. `node floor.ts PORT COMMAND [ARG…]`. It knows no session, no limit, no error.
import { spawn } from 'node:child_process'
import { createServer, type ServerResponse } from 'node:http'
const [port, command = '', ...args] = process.argv.slice(2)
const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] })
const waiting = new Map<number, { id: unknown; res: ServerResponse }>()
let next = 0
let buf = ''
child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
  buf += chunk
  for (let end = buf.indexOf('\n'); end >= 0; end = buf.indexOf('\n')) {
    const message = JSON.parse(buf.slice(0, end))
    buf = buf.slice(end + 1)
    const caller = waiting.get(message.id)
    if (!waiting.delete(message.id) || !caller) continue
    caller.res.setHeader('content-type', 'application/json')
    caller.res.end(JSON.stringify({ ...message, id: caller.id }))
  }
})
createServer((req, res) => {
  let body = ''
  req.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
  req.on('end', () => {
    if (req.method !== 'POST') return res.writeHead(405).end()
    const message = JSON.parse(body)
    const id = ++next
    if (message.id === undefined) res.writeHead(202).end()
    else waiting.set(id, { id: message.id, res })
    return child.stdin.write(
      JSON.stringify(message.id === undefined ? message : { ...message, id }) + '\n',
    )
  })
}).listen(Number(port), '127.0.0.1')
