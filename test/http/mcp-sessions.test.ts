import http from 'node:http'
import net from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Exchange, HttpClient } from '../mcp/client.ts'
import { Relay } from '../mcp/relay.ts'

let relay: Relay
beforeAll(async () => {
  relay = await Relay.start((stage) => [stage.entry('one'), stage.entry('two')])
})
afterAll(() => relay.close())

const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
const statusOf = async (exchange: Exchange): Promise<number> => (await exchange.done).status

function send(method: string, path: string, headers: Record<string, string> = {}, body?: string) {
  return new Exchange(relay.port, { method, path, headers, ...(body ? { body } : {}) })
}

describe('a session', () => {
  it('ends with DELETE; what comes after it is 404, for POST, GET and DELETE', async () => {
    const client = await relay.http({ serverId: 'one' })
    const { headers } = client
    const stream = await client.listen()
    expect(await statusOf(send('DELETE', '/servers/one/mcp', headers))).toBe(204)
    expect(await statusOf(stream)).toBe(200)
    for (const method of ['POST', 'GET', 'DELETE'])
      expect(
        await statusOf(
          send(method, '/servers/one/mcp', headers, method === 'POST' ? ping : undefined),
        ),
      ).toBe(404)
  })

  it('is known on its own endpoint only', async () => {
    const { headers } = await relay.http({ serverId: 'one' })
    for (const path of ['/mcp', '/servers/two/mcp'])
      for (const method of ['POST', 'GET', 'DELETE'])
        expect(
          await statusOf(send(method, path, headers, method === 'POST' ? ping : undefined)),
        ).toBe(404)
    expect(await statusOf(send('POST', '/servers/one/mcp', headers, ping))).toBe(200)
  })

  it('is named in a header: without it there is nothing to post to, get or delete, with an unknown one 404', async () => {
    const { headers } = await relay.http()
    const { 'mcp-session-id': _, ...without } = headers
    for (const method of ['POST', 'GET', 'DELETE']) {
      const body = method === 'POST' ? ping : undefined
      expect(await statusOf(send(method, '/mcp', without, body))).toBe(
        method === 'POST' ? 400 : 405,
      )
      expect(
        await statusOf(send(method, '/mcp', { ...headers, 'mcp-session-id': 'x' }, body)),
      ).toBe(404)
    }
  })

  it('gets 202 without a body for notifications and answers', async () => {
    const client = await relay.http()
    for (const body of [
      '{"jsonrpc":"2.0","method":"notifications/x"}',
      '{"jsonrpc":"2.0","id":5,"result":{}}',
      '{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}',
    ]) {
      const { status, body: answer } = await client.exchange(body).done
      expect([status, answer.length]).toEqual([202, 0])
    }
  })

  it('has one stream: a second GET ends the first', async () => {
    const client = await relay.http({ serverId: 'one' })
    const first = await client.listen()
    const second = await client.listen()
    expect((await first.done).status).toBe(200)
    await client.call('echo')
    relay.server('one').current.send({ method: 'notifications/tools/list_changed' })
    await expect.poll(() => second.events.length).toBe(1)
    expect(first.events.length).toBe(0)
  })

  it('of a server that could not start leaves nothing behind, and says why', async () => {
    relay
      .server('broken')
      .on('initialize', (request, process) =>
        process.fail(request, { code: -32603, message: 'no database' }),
      )
    await relay.writeCatalog(['one', 'two', 'broken'].map((name) => relay.stage.entry(name)))
    await relay.gateway.reload()
    const before = relay.gateway.sessions.size
    const client = new HttpClient(relay.port, 'broken')
    const answer = await client.initialize({})
    expect(answer.error?.message).toContain('no database')
    await expect.poll(() => relay.gateway.sessions.size).toBe(before)
  })

  it('is opened for an unknown server by nobody', async () => {
    const body = '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}'
    const { status, body: answer } = await send('POST', '/servers/none/mcp', {}, body).done
    expect(status).toBe(404)
    expect(JSON.parse(answer.toString())).toMatchObject({ jsonrpc: '2.0', error: { code: -32602 } })
  })

  it('whose features are gone with a changed server is told 404, once its calls are done', async () => {
    const two = relay.server('two')
    const client = await relay.http({ serverId: 'two', capabilities: { sampling: {} } })
    let finish = (): void => {}
    two.onTool('wait', (call, process) => {
      finish = () => {
        void process
          .ask('sampling/createMessage', { messages: [] })
          .then(({ result }) => process.answer(call, { ...result }))
      }
    })
    client.onQuestion = () => ({ result: { last: 'word' } })
    const answer = client.call('wait')
    await expect.poll(() => two.of('tools/call').length).toBe(1)
    const { resources: _, ...rest } = two.capabilities
    two.capabilities = rest
    await relay.writeCatalog([
      relay.stage.entry('one'),
      relay.stage.entry('two', { inherit_env: true }),
    ])
    await relay.gateway.reload()
    await relay.gateway.start('two')
    // New requests are turned away, what is in flight goes on, and so do the answers that it needs.
    expect(await statusOf(client.exchange(ping))).toBe(404)
    finish()
    expect((await answer).result).toEqual({ last: 'word' })
    expect(await statusOf(client.exchange(ping))).toBe(404)
    const again = await relay.http({ serverId: 'two' })
    expect(again.greeting?.result?.['capabilities']).toEqual(rest)
  })
})

describe('protocol versions', () => {
  it.each(['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'])(
    '%s is spoken',
    async (version) => {
      for (const options of [{ serverId: 'one' }, {}]) {
        const client = await relay.http({ ...options, protocolVersion: version })
        expect(client.greeting?.result?.['protocolVersion']).toBe(version)
        expect(await statusOf(client.exchange(ping, { 'mcp-protocol-version': version }))).toBe(200)
      }
    },
  )

  it('an unknown one is answered with the newest', async () => {
    for (const options of [{ serverId: 'one' }, {}]) {
      const client = await relay.http({ ...options, protocolVersion: '1999-01-01' })
      expect(client.greeting?.result?.['protocolVersion']).toBe('2025-11-25')
    }
  })

  it('an unknown one in the header is 400, for POST, GET and DELETE', async () => {
    const { headers } = await relay.http({ serverId: 'one' })
    for (const method of ['POST', 'GET', 'DELETE']) {
      const body = method === 'POST' ? ping : undefined
      const exchange = send(
        method,
        '/servers/one/mcp',
        { ...headers, 'mcp-protocol-version': '1999-01-01' },
        body,
      )
      expect(await statusOf(exchange)).toBe(400)
    }
  })
})

describe('what is no message', () => {
  it.each([
    ['a batch', `[${ping}]`, 400, -32600],
    ['no JSON', '{"jsonrpc"', 400, -32700],
    ['nothing', '', 400, -32600],
    ['no JSON-RPC', '{"id":1,"method":"ping"}', 400, -32600],
    [
      'an argument called server_id, without jsonrpc',
      '{"id":1,"method":"tools/call","params":{"server_id":"one"}}',
      400,
      -32600,
    ],
  ])('%s is refused, and said so', async (_what, body, status, code) => {
    const client = await relay.http()
    const answer = await client.exchange(body).done
    expect(answer.status).toBe(status)
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      jsonrpc: '2.0',
      id: null,
      error: { code },
    })
  })

  it('another method is 405 with Allow', async () => {
    for (const method of ['PUT', 'PATCH', 'HEAD']) {
      const { status, headers } = await send(method, '/mcp').done
      expect([status, headers.allow]).toEqual([405, 'GET, POST, DELETE'])
    }
  })

  it('a GET for something else than events is 406', async () => {
    const { headers } = await relay.http()
    expect(await statusOf(send('GET', '/mcp', { ...headers, accept: 'application/json' }))).toBe(
      406,
    )
  })

  it('a body above the cap is 413, also when its length is not told, and the gateway lives', async () => {
    const client = await relay.http()
    const size = 64 * 1024 * 1024 + 1
    const told = await client.exchange(Buffer.alloc(size, 0x20)).done
    expect(told.status).toBe(413)
    expect(JSON.parse(told.body.toString())).toMatchObject({ error: { code: -32600 } })
    const chunked = await new Promise<number>((resolve, reject) => {
      const { headers } = client
      const request = http.request(
        { port: relay.port, path: '/mcp', method: 'POST', headers, agent: false },
        (response) => {
          response.resume()
          resolve(response.statusCode ?? 0)
        },
      )
      request.on('error', reject)
      const chunk = Buffer.alloc(1024 * 1024, 0x20)
      let sent = 0
      const more = (): void => {
        for (; sent < 66; sent++)
          if (!request.write(chunk)) {
            sent++
            request.once('drain', more)
            return
          }
        request.end()
      }
      more()
    })
    expect(chunked).toBe(413)
    expect(await statusOf(client.exchange(ping))).toBe(200)
  })
})

describe('streams', () => {
  it('a reader that does not read is cut off, and what waits for it is bounded', async () => {
    const client = await relay.http({ serverId: 'one' })
    await client.call('echo')
    // A connection of its own that is never read from.
    const socket = net.connect(relay.port, '127.0.0.1')
    const { accept = '', 'mcp-session-id': id = '' } = client.headers
    socket.write(
      `GET /servers/one/mcp HTTP/1.1\r\nHost: 127.0.0.1:${relay.port}\r\nAccept: ${accept}\r\nMcp-Session-Id: ${id}\r\n\r\n`,
    )
    await new Promise((resolve) => socket.once('data', resolve))
    socket.pause()
    let isClosed = false
    socket.on('close', () => (isClosed = true))
    socket.on('error', () => {})
    const data = 'x'.repeat(8 * 1024 * 1024)
    for (let i = 0; i < 14; i++) {
      relay.server('one').current.send({
        method: 'notifications/message',
        params: { level: 'error', data },
      })
      // The call comes after the message on the same pipe.
      await client.call('echo')
    }
    let received = 0
    socket.on('data', (chunk) => (received += chunk.length))
    socket.resume()
    await expect.poll(() => isClosed, { timeout: 5_000 }).toBe(true)
    // Far from the 112 MiB that were sent.
    expect(received).toBeLessThan(90 * 1024 * 1024)
    expect(await statusOf(client.exchange(ping))).toBe(200)
  })

  it('a client that takes events only gets its answer as one', async () => {
    const client = await relay.http({ serverId: 'one' })
    client.accept = 'text/event-stream'
    const { headers, body } = await client.exchange(ping).done
    expect(headers['content-type']).toBe('text/event-stream')
    expect(body.toString()).toMatch(
      /\nevent: message\nid: \S+\ndata: \{"jsonrpc":"2.0","id":1,"result":\{\}\}\n\n$/,
    )
  })

  it('a cancelled call ends its HTTP answer', async () => {
    relay.server('one').onTool('never', () => {})
    for (const accept of ['application/json', 'application/json, text/event-stream']) {
      const client = await relay.http({ serverId: 'one' })
      client.accept = accept
      const calls = relay.server('one').of('tools/call').length
      const call = client.exchange(
        '{"jsonrpc":"2.0","id":"c","method":"tools/call","params":{"name":"never"}}',
      )
      await expect.poll(() => relay.server('one').of('tools/call').length).toBe(calls + 1)
      client.notify('notifications/cancelled', { requestId: 'c' })
      const { body } = await call.done
      expect(body.toString()).toBe('')
    }
  })

  it('a connection that breaks is no cancellation', async () => {
    const client = await relay.http({ serverId: 'one' })
    const one = relay.server('one')
    const calls = one.of('tools/call').length
    const call = client.exchange(
      '{"jsonrpc":"2.0","id":"d","method":"tools/call","params":{"name":"never"}}',
    )
    await expect.poll(() => one.of('tools/call').length).toBe(calls + 1)
    const { id } = one.of('tools/call').at(-1) ?? {}
    call.destroy()
    await client.call('echo')
    await client.call('echo')
    const cancelled = one.of('notifications/cancelled').map(({ params }) => params?.['requestId'])
    expect(cancelled).not.toContain(id)
  })
})

describe('many sessions', () => {
  it('1,000 at once work, and are gone when they end', async () => {
    const before = relay.gateway.sessions.size
    const clients: HttpClient[] = []
    for (let i = 0; i < 20; i++)
      clients.push(
        ...(await Promise.all(
          Array.from({ length: 50 }, () => HttpClient.open(relay.port, { serverId: 'one' })),
        )),
      )
    expect(new Set(clients.map(({ sessionId }) => sessionId)).size).toBe(1_000)
    expect(relay.gateway.sessions.size).toBe(before + 1_000)
    for (let i = 0; i < clients.length; i += 100)
      for (const answer of await Promise.all(
        clients.slice(i, i + 100).map((client) => client.call('echo')),
      ))
        expect(answer.result).toBeDefined()
    for (let i = 0; i < clients.length; i += 100)
      await Promise.all(clients.slice(i, i + 100).map((client) => client.close()))
    expect(relay.gateway.sessions.size).toBe(before)
  })
})
