import { Agent, get } from 'node:http'
import { callLimitMs, checkResult, type Client, exchange, initializeParams } from './client.ts'

/** The old HTTP+SSE transport (2024-11-05): one stream of answers, one POST a message. */
export async function openSse(url: URL): Promise<Client> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const waiting = new Map<
    unknown,
    { resolve: (bytes: number) => void; reject: (error: Error) => void }
  >()
  let endpoint = url
  const ready = Promise.withResolvers<void>()
  const onEvent = (event: string) => {
    const data = /^data: ?(.*)$/m.exec(event)?.[1] ?? ''
    if (event.includes('event: endpoint')) {
      endpoint = new URL(data, url)
      return ready.resolve()
    }
    const message: unknown = JSON.parse(data)
    const id =
      typeof message === 'object' && message !== null && 'id' in message ? message.id : undefined
    const caller = waiting.get(id)
    waiting.delete(id)
    try {
      caller?.resolve(checkResult(Buffer.from(data)))
    } catch (error) {
      caller?.reject(error instanceof Error ? error : new Error(String(error)))
    }
  }
  const fail = (error: Error) => {
    ready.reject(error)
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  const stream = get(url, { headers: { accept: 'text/event-stream' } }, (res) => {
    let text = ''
    res.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        onEvent(text.slice(0, end))
        text = text.slice(end + 2)
      }
    })
    res.on('close', () => fail(new Error('The event stream ended.')))
  })
  stream.on('error', fail)
  const patience = setTimeout(() => fail(new Error(`No endpoint from ${url.href}.`)), callLimitMs)
  await ready.promise
  clearTimeout(patience)

  let nextId = 0
  const send = (message: object) =>
    exchange(endpoint, {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
      agent,
    })
  const call = async (method: string, params: object) => {
    const id = ++nextId
    const answer = new Promise<number>((resolve, reject) => waiting.set(id, { resolve, reject }))
    await send({ id, method, params })
    return answer
  }
  await call('initialize', initializeParams)
  await send({ method: 'notifications/initialized' })
  return {
    callTool: (name, args) => call('tools/call', { name, arguments: args }),
    close: () => {
      stream.destroy()
      agent.destroy()
      return Promise.resolve()
    },
  }
}
