import net from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  answerTo,
  connect,
  openStream,
  sendJson,
  serve,
  streamable,
  type Handler,
  type Peer,
  type RemoteServer,
} from './remote-peer.ts'
import { eventually } from '../support/eventually.ts'

const cleanUp: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const one of cleanUp.splice(0).reverse()) await one()
})

async function server(handler: Handler): Promise<RemoteServer> {
  const one = await serve(handler)
  cleanUp.push(() => one.close())
  return one
}

async function open(...args: Parameters<typeof connect>): Promise<Peer> {
  const peer = await connect(...args)
  cleanUp.push(() => peer.link.close())
  return peer
}

const oddNumbers =
  '{"a":1.0,"b":-0,"c":9007199254740993,"d":1e400,"z":1,"a2":[1.50,"\u2028\u0085😀"]}'

describe('what is relayed', () => {
  test('leaves an answer’s bytes as they came, as JSON and as an event stream in whatever pieces', async () => {
    const far = await server((request, response) => {
      const answer = answerTo(request, oddNumbers)
      if (request.rpc.id === 1) return sendJson(response, answer)
      openStream(response)
      const text = Buffer.from(`: hello\r\n\r\nevent: message\r\ndata: ${answer}\r\n\r\n`)
      const pieces = Array.from(text, (byte) => Buffer.from([byte]))
      const writeNext = () => {
        const piece = pieces.shift()
        if (piece === undefined) response.end()
        else response.write(piece, writeNext)
      }
      writeNext()
    })
    const peer = await open(far.url)
    peer.request(1, 'x', oddNumbers)
    peer.request(2, 'x')
    expect(await peer.answer(1)).toBe(`{"jsonrpc":"2.0","id":1,"result":${oddNumbers}}`)
    expect(await peer.answer(2)).toBe(`{"jsonrpc":"2.0","id":2,"result":${oddNumbers}}`)
    expect(new Set(peer.messages.map(({ relatedTo }) => relatedTo))).toEqual(new Set([1, 2]))
    expect(far.received[0]?.body).toBe(
      `{"jsonrpc":"2.0","id":1,"method":"x","params":${oddNumbers}}`,
    )
  })

  test('splits a batch without touching its items', async () => {
    const note = '{"jsonrpc":"2.0","method":"n","params":{"v":1.0}}'
    const far = await server((request, response) =>
      sendJson(response, `[ ${note} ,\n${answerTo(request)}]`),
    )
    const peer = await open(far.url)
    peer.request(7, 'x')
    await peer.answer(7)
    expect(peer.messages).toEqual([
      { text: note, relatedTo: 7 },
      { text: '{"jsonrpc":"2.0","id":7,"result":{}}', relatedTo: 7 },
    ])
  })

  test('a compressed answer is read although none was asked for', async () => {
    const { gzipSync } = await import('node:zlib')
    const far = await server((request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
      response.end(gzipSync(answerTo(request, oddNumbers)))
    })
    const peer = await open(far.url)
    peer.request(1, 'x')
    expect(await peer.answer(1)).toContain(oddNumbers)
  })

  test('a request of the server’s on a request’s stream is told with that request', async () => {
    const far = await server((request, response) => {
      openStream(response)
      response.write('data: {"jsonrpc":"2.0","id":3,"method":"sampling/createMessage"}\n\n')
      response.end(`data: ${answerTo(request)}\n\n`)
    })
    const peer = await open(far.url)
    peer.request(3, 'x')
    await peer.answer(3)
    expect(peer.messages.map(({ relatedTo }) => relatedTo)).toEqual([3, 3])
    expect(peer.failures).toEqual([])
  })
})

describe('the headers', () => {
  test('carry what is configured, the session once it is given and the version once it is negotiated', async () => {
    const far = await server(
      streamable((request, response) => sendJson(response, answerTo(request))),
    )
    const peer = await open(far.url, 'remote-http', {
      Authorization: 'Bearer abcdef123',
      Accept: 'text/plain',
      'X-Team': 'blue',
    })
    await peer.handshake()
    peer.request(2, 'tools/list')
    await peer.answer(2)
    const [first, second, ...others] = far.received.filter(({ method }) => method === 'POST')
    expect(first?.headers).toMatchObject({
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      authorization: 'Bearer abcdef123',
      'x-team': 'blue',
    })
    expect(first?.headers['mcp-session-id']).toBeUndefined()
    expect(first?.headers['mcp-protocol-version']).toBeUndefined()
    for (const later of [second, ...others]) {
      expect(later?.headers).toMatchObject({
        'mcp-session-id': 's-12345',
        'mcp-protocol-version': '2025-06-18',
        'x-team': 'blue',
      })
    }
  })

  test('make Basic authorization of credentials in the URL, which no message shows', async () => {
    const far = await server((_request, response) =>
      response.writeHead(500).end('pass%3Aword pass:word dXNlcjpwYXNzOndvcmQ='),
    )
    const url = far.url.replace('http://', 'http://user:pass%3Aword@')
    const peer = await open(`${url}?key=hunter2hunter2`)
    peer.request(1, 'x')
    const { error } = await peer.failure(1)
    expect(far.received[0]?.headers.authorization).toBe('Basic dXNlcjpwYXNzOndvcmQ=')
    expect(far.received[0]?.path).toBe('/mcp?key=hunter2hunter2')
    expect(error.message).toContain(`${far.url}?***`)
    expect(error.message).not.toMatch(/hunter2|pass.*word|dXNlcj/)
  })
})

describe('notifications/initialized', () => {
  test('is not overtaken by the requests that follow it', async () => {
    let accept = () => {}
    const far = await server((request, response) => {
      if (request.rpc.method === 'notifications/initialized') {
        accept = () => response.writeHead(202).end()
      } else streamable((one, to) => sendJson(to, answerTo(one)))(request, response)
    })
    const peer = await open(far.url)
    await peer.handshake()
    peer.request(2, 'tools/list')
    peer.notify('notifications/cancelled')
    await eventually(() => expect(far.received.at(-1)?.rpc.method).toBe('notifications/cancelled'))
    expect(far.received.map(({ rpc }) => rpc.method)).not.toContain('tools/list')
    accept()
    await peer.answer(2)
  })

  test('opens the stream for unsolicited messages, which is opened again where it broke', async () => {
    const far = await server((request, response) => {
      if (request.method !== 'GET') return streamable(() => {})(request, response)
      const n = Number(request.headers['last-event-id'] ?? 0)
      if (n >= 3) return void response.writeHead(503).end()
      openStream(response)
      response.write(
        `retry: 60\nid: ${n + 1}\ndata: {"jsonrpc":"2.0","method":"n","params":${n + 1}}\n\n`,
        () => (n === 0 ? response.end() : response.destroy()),
      )
    })
    const peer = await open(far.url)
    await peer.handshake()
    await vi.waitFor(() => expect(peer.messages).toHaveLength(4), { timeout: 5_000 })
    expect(peer.messages.slice(1).map(({ text, relatedTo }) => [text.at(-2), relatedTo])).toEqual([
      ['1', undefined],
      ['2', undefined],
      ['3', undefined],
    ])
    // The pause that the server asked for doubles while nothing new comes: 503 is met, but not in a hurry.
    const gets = () => far.received.filter(({ method }) => method === 'GET')
    await vi.waitFor(() => expect(gets().length).toBeGreaterThanOrEqual(6), { timeout: 5_000 })
    expect(gets()[0]?.headers['mcp-session-id']).toBe('s-12345')
    expect(peer.logs).toEqual([expect.stringContaining('answered 503')])
    expect(peer.closed).toEqual([])
  })

  test.each([405, 404, 400])(
    'a server that answers %i to GET has no such stream, and that is fine',
    async (status) => {
      const far = await server((request, response) => {
        if (request.method === 'GET') response.writeHead(status).end()
        else streamable((one, to) => sendJson(to, answerTo(one)))(request, response)
      })
      const peer = await open(far.url)
      await peer.handshake()
      await eventually(() => expect(far.received.map(({ method }) => method)).toContain('GET'))
      peer.request(2, 'x')
      await peer.answer(2)
      expect(far.received.filter(({ method }) => method === 'GET')).toHaveLength(1)
      expect(peer.closed).toEqual([])
    },
  )

  test('a stream that was there and is 404 now means that the session is gone', async () => {
    let isGone = false
    const far = await server((request, response) => {
      if (request.method !== 'GET') return streamable(() => {})(request, response)
      if (isGone) return void response.writeHead(404).end()
      isGone = true
      openStream(response)
      response.end(': bye\n\n')
    })
    const peer = await open(far.url)
    await peer.handshake()
    await eventually(() => expect(peer.closed).toHaveLength(1))
    expect(peer.closed[0]).toMatchObject({ expected: false })
  })
})

describe('a stream that ends without the answer', () => {
  test('is resumed after the pause that the server asked for, and its answer belongs to the request', async () => {
    const times: number[] = []
    const far = await server((request, response) => {
      times.push(performance.now())
      if (request.method === 'POST') {
        openStream(response)
        response.end('retry: 150\nid: a-1\ndata: \n\n')
      } else if (request.headers['last-event-id'] === 'a-1') {
        openStream(response)
        response.write(
          'id: a-2\ndata: {"jsonrpc":"2.0","method":"notifications/progress"}\n\n',
          () => response.destroy(),
        )
      } else {
        openStream(response)
        response.end('id: a-3\ndata: {"jsonrpc":"2.0","id":5,"result":{"v":1.0}}\n\n')
      }
    })
    const peer = await open(far.url)
    peer.request(5, 'x')
    expect(await peer.answer(5)).toBe('{"jsonrpc":"2.0","id":5,"result":{"v":1.0}}')
    expect(peer.messages.map(({ relatedTo }) => relatedTo)).toEqual([5, 5])
    expect(far.received.map(({ headers }) => headers['last-event-id'])).toEqual([
      undefined,
      'a-1',
      'a-2',
    ])
    for (const [i, time] of times.entries()) {
      if (i > 0) expect(time - (times[i - 1] ?? 0)).toBeGreaterThanOrEqual(145)
    }
    expect(peer.failures).toEqual([])
  })

  test('fails the request if it cannot be resumed', async () => {
    const far = await server((request, response) => {
      if (request.method === 'GET') return void response.writeHead(405).end()
      openStream(response)
      if (request.rpc.id === 1) response.end('data: {"jsonrpc":"2.0","method":"n"}\n\n')
      else if (request.rpc.id === 2) response.write(': x\n\n', () => response.destroy())
      else response.end('id: 9\ndata:\n\n')
    })
    const peer = await open(far.url)
    for (const id of [1, 2, 3]) peer.request(id, 'x')
    for (const id of [1, 2, 3]) expect((await peer.failure(id)).reached).toBe(true)
    expect((await peer.failure(1)).error.message).toContain('without the answer')
    expect((await peer.failure(2)).error.message).toContain('broke before the answer was complete')
    expect((await peer.failure(3)).error.message).toContain('405')
    expect(peer.closed).toEqual([])
  })

  test('is not resumed for ever', async () => {
    const far = await server((request, response) => {
      if (request.method === 'GET') return void response.writeHead(503).end()
      openStream(response)
      response.end('id: 1\nretry: 1\ndata:\n\n')
    })
    const peer = await open(far.url)
    peer.request(1, 'x')
    expect((await peer.failure(1)).error.message).toContain('503')
    expect(far.received.length).toBeLessThan(10)
  })

  test('an event id that no header can hold breaks nothing', async () => {
    const far = await server((request, response) => {
      openStream(response)
      response.end(`id: a\u0001b\ndata: {"jsonrpc":"2.0","method":"${request.method}"}\n\n`)
    })
    const peer = await open(far.url)
    peer.request(1, 'x')
    expect((await peer.failure(1)).error.message).toContain('without the answer')
  })
})

describe('an HTTP error', () => {
  async function refusedWith(
    status: number,
    body = '',
    headers: Record<string, string> = {},
  ): Promise<{ message: string; retryAfterSeconds?: number }> {
    const far = await server((_request, response) => response.writeHead(status, headers).end(body))
    const peer = await open(far.url, 'remote-http', { Authorization: 'Bearer s3cr3t-value' })
    peer.request(1, 'x')
    const { error, reached } = await peer.failure(1)
    expect(reached).toBe(true)
    expect(error.code).toBe('server_failed')
    expect(peer.closed).toEqual([])
    return error
  }

  test('401 and 403 name the headers to set', async () => {
    expect((await refusedWith(401)).message).toMatch(
      /answered 401\. .*sign-in or a key.*Set `headers`/,
    )
    expect((await refusedWith(403)).message).toMatch(/answered 403\. .*Set `headers`/)
  })

  test('404 and 405 say that remote-sse may be the right type', async () => {
    expect((await refusedWith(404)).message).toContain('`remote-sse`')
    expect((await refusedWith(405)).message).toContain('`remote-sse`')
  })

  test('429 and 5xx carry Retry-After and the start of the body, without secrets', async () => {
    const error = await refusedWith(429, 'slow\n down, Bearer s3cr3t-value', {
      'retry-after': '17',
    })
    expect(error.retryAfterSeconds).toBe(17)
    expect(error.message).toMatch(/429.*17 s.*It said: slow down/)
    expect(error.message).not.toContain('s3cr3t')
    const date = new Date(Date.now() + 60_000).toUTCString()
    const later = await refusedWith(503, 'x'.repeat(5_000), { 'retry-after': date })
    expect(later.retryAfterSeconds).toBeGreaterThan(50)
    expect(later.message.length).toBeLessThan(600)
  })

  test('whose body is the error response to the request is delivered as it is', async () => {
    const body = '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no","data":1.0}}'
    const far = await server((_request, response) => sendJson(response, body, {}, 400))
    const peer = await open(far.url)
    peer.request(1, 'x')
    expect(await peer.answer(1)).toBe(body)
    expect(peer.messages[0]?.relatedTo).toBe(1)
    expect(peer.failures).toEqual([])
  })

  test('on a notification is a log line', async () => {
    const far = await server((_request, response) => response.writeHead(500).end('oops'))
    const peer = await open(far.url)
    peer.notify('n')
    await eventually(() => expect(peer.logs).toHaveLength(1))
    expect(peer.logs[0]).toMatch(/notification was not delivered.*500.*oops/)
  })

  test('a web page in place of MCP is named as such', async () => {
    const far = await server((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Sign in</h1>'),
    )
    const peer = await open(far.url)
    peer.request(1, 'x')
    expect((await peer.failure(1)).error.message).toMatch(/text\/html.*not a web page.*Sign in/)
  })

  test('JSON that does not answer the request fails it', async () => {
    const far = await server((_request, response) => sendJson(response, '{"ok":true}'))
    const peer = await open(far.url)
    peer.request(1, 'x')
    expect((await peer.failure(1)).error.message).toContain('without an answer to the request')
  })
})

describe('a session that the server has ended', () => {
  test.each([
    [404, 'Session not found'],
    [404, '{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}'],
    [
      400,
      '{"jsonrpc":"2.0","id":2,"error":{"code":-32000,"message":"Bad Request: No valid session ID provided"}}',
    ],
  ])(
    'closes the link (%i %s), and the request may be sent to the next one',
    async (status, body) => {
      const far = await server(
        streamable((_request, response) => sendJson(response, body, {}, status)),
      )
      const peer = await open(far.url)
      await peer.handshake()
      peer.request(2, 'x')
      await eventually(() => expect(peer.closed).toHaveLength(1))
      expect(peer.closed[0]?.expected).toBe(false)
      expect(peer.closed[0]?.message).toContain('ended the session')
      expect(peer.failures).toEqual([
        { id: 2, reached: false, error: expect.objectContaining({ code: 'server_failed' }) },
      ])
      expect(peer.link.send([Buffer.from('{}')], 3)).toBe(false)
      await eventually(() => expect(far.connections()).toBe(0))
    },
  )

  test('is heard by all requests under way before the link closes, and what waits is not sent to it', async () => {
    const held: (() => void)[] = []
    const far = await server(
      streamable((_request, response) => held.push(() => response.writeHead(404).end())),
    )
    const peer = await open(far.url, 'remote-http', {}, { maxConnections: 3 })
    await peer.handshake()
    for (const id of [2, 3, 4, 5]) peer.request(id, 'x')
    await eventually(() => expect(held).toHaveLength(3))
    held.shift()?.()
    // The freed connection is not used for a session that is known to be gone.
    await new Promise((resolve) => setImmediate(resolve))
    for (const one of held.splice(0)) one()
    await eventually(() => expect(peer.closed).toHaveLength(1))
    expect(peer.failures.map(({ id, reached }) => `${id} ${reached}`).toSorted()).toEqual([
      '2 false',
      '3 false',
      '4 false',
      '5 false',
    ])
    expect(far.received.map(({ rpc }) => rpc.id)).not.toContain(5)
  })

  test('is closed soon although another request goes on', async () => {
    const far = await server(
      streamable((request, response) => {
        if (request.rpc.id === 2) response.writeHead(404).end()
      }),
    )
    const peer = await open(far.url)
    await peer.handshake()
    peer.request(3, 'x')
    await eventually(() => expect(far.received.at(-1)?.rpc.id).toBe(3))
    peer.request(2, 'x')
    await eventually(() => expect(peer.closed).toHaveLength(1))
    // Of the other nobody knows whether it was done: its end is the link's.
    expect(peer.failures.map(({ id }) => id)).toEqual([2])
  })

  test('is not what 404 with "method not found" means, nor a 404 without a session', async () => {
    const body = '{"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"Method not found"}}'
    const far = await server(streamable((_request, response) => sendJson(response, body, {}, 404)))
    const peer = await open(far.url)
    await peer.handshake()
    peer.request(2, 'x')
    expect(await peer.answer(2)).toBe(body)
    expect(peer.closed).toEqual([])
  })
})

describe('a server that cannot be reached', () => {
  test('refused: no byte was sent, and the message says what to do', async () => {
    const far = await serve(() => {})
    await far.close()
    const peer = await open(far.url)
    peer.request(1, 'x')
    const { error, reached } = await peer.failure(1)
    expect(reached).toBe(false)
    expect(error.message).toMatch(/refused the connection.*Start the server, or correct `url`/)
    expect(peer.closed).toEqual([])
  })

  test('an unknown host name', async () => {
    const peer = await open('http://no-such-host.invalid/mcp')
    peer.request(1, 'x')
    const { error, reached } = await peer.failure(1)
    expect(reached).toBe(false)
    expect(error.message).toMatch(/no-such-host\.invalid cannot be found/)
  })

  test('TLS with a server that speaks none', async () => {
    const far = await server(() => {})
    const peer = await open(far.url.replace('http:', 'https:'))
    peer.request(1, 'x')
    const { error, reached } = await peer.failure(1)
    expect(reached).toBe(false)
    expect(error.message).toMatch(/no secure connection.*http:\/\/ in `url`/)
  })

  test('a connection that is never ready is given up', async () => {
    const silent = net.createServer((socket) => socket.resume())
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    cleanUp.push(() => new Promise((resolve) => silent.close(resolve)))
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : 0
    const peer = await open(
      `https://127.0.0.1:${port}/`,
      'remote-http',
      {},
      { connectTimeoutMs: 100 },
    )
    peer.request(1, 'x')
    const { error, reached } = await peer.failure(1)
    expect(reached).toBe(false)
    expect(error.code).toBe('server_timeout')
    expect(error.message).toContain('within 0.1 s')
  })

  test('a connection that breaks after the request was sent: it may have been done', async () => {
    const far = await server((_request, response) => response.destroy())
    const peer = await open(far.url)
    peer.request(1, 'x')
    expect(await peer.failure(1)).toMatchObject({ reached: true })
  })

  test('the next message finds a server that has come up', async () => {
    const first = await serve(() => {})
    await first.close()
    const peer = await open(first.url)
    peer.request(1, 'x')
    await peer.failure(1)
    const second = await serve(
      (request, response) => sendJson(response, answerTo(request)),
      first.port,
    )
    cleanUp.push(() => second.close())
    peer.request(2, 'x')
    await peer.answer(2)
  })
})

describe('a redirect', () => {
  test.each([301, 302, 307, 308])(
    '%i within the origin keeps method, body and headers',
    async (status) => {
      const far = await server((request, response) => {
        if (request.path === '/mcp') response.writeHead(status, { location: '/mcp/' }).end()
        else sendJson(response, answerTo(request))
      })
      const peer = await open(far.url, 'remote-http', { 'x-key': 'k' })
      peer.request(1, 'x')
      await peer.answer(1)
      expect(far.received[1]).toMatchObject({ method: 'POST', path: '/mcp/' })
      expect(far.received[1]?.headers['x-key']).toBe('k')
      expect(far.received[1]?.body).toBe(far.received[0]?.body)
      peer.request(2, 'x')
      await peer.answer(2)
      expect(far.received).toHaveLength(status === 301 || status === 308 ? 3 : 4)
    },
  )

  test('to another origin is refused, and the configured headers never get there', async () => {
    const other = await server((request, response) => sendJson(response, answerTo(request)))
    const far = await server((_request, response) =>
      response.writeHead(308, { location: `${other.url}?token=abcdefgh` }).end(),
    )
    const peer = await open(far.url, 'remote-http', { authorization: 'Bearer abcdef123' })
    peer.request(1, 'x')
    const { error } = await peer.failure(1)
    expect(error.message).toContain(`${other.url}?***`)
    expect(error.message).toContain('another origin')
    expect(error.message).not.toContain('abcdefgh')
    expect(other.received).toEqual([])
  })

  test('without end is given up after three', async () => {
    const far = await server((_request, response) =>
      response.writeHead(307, { location: '/mcp' }).end(),
    )
    const peer = await open(far.url)
    peer.request(1, 'x')
    expect((await peer.failure(1)).error.message).toContain('after 3 other redirects')
    expect(far.received).toHaveLength(4)
  })

  test('303 does not turn a message into a GET', async () => {
    const far = await server((_request, response) =>
      response.writeHead(303, { location: '/login' }).end(),
    )
    const peer = await open(far.url)
    peer.request(1, 'x')
    expect((await peer.failure(1)).error.message).toContain('/login')
    expect(far.received).toHaveLength(1)
  })
})

describe('a message over the limit', () => {
  test('is cut while it is read, fails its request, and the link lives', async () => {
    let written = 0
    const piece = Buffer.alloc(16 * 1024, 0x61)
    const far = await server((request, response) => {
      if (request.rpc.id === 3) return sendJson(response, answerTo(request))
      const isJson = request.rpc.id === 1
      if (isJson) response.writeHead(200, { 'content-type': 'application/json' })
      else openStream(response)
      response.write(isJson ? '"' : 'data: "')
      const more = () => {
        if (response.destroyed) return
        written += piece.length
        if (response.write(piece)) setImmediate(more)
        else response.once('drain', more)
      }
      more()
    })
    const peer = await open(far.url, 'remote-http', {}, { maxMessageBytes: 1024 * 1024 })
    for (const id of [1, 2]) {
      written = 0
      peer.request(id, 'x')
      const { error, reached } = await peer.failure(id)
      expect(error.code).toBe('too_large')
      expect(error.message).toContain('1 MiB')
      expect(reached).toBe(true)
      expect(written).toBeLessThan(32 * 1024 * 1024)
    }
    peer.request(3, 'x')
    await peer.answer(3)
  })

  test('on the stream for unsolicited messages is dropped, and the next one comes', async () => {
    const far = await server((request, response) => {
      if (request.method !== 'GET') return streamable(() => {})(request, response)
      openStream(response)
      response.write(`data: "${'x'.repeat(300_000)}"\n\ndata: {"jsonrpc":"2.0","method":"n"}\n\n`)
    })
    const peer = await open(far.url, 'remote-http', {}, { maxMessageBytes: 100_000 })
    await peer.handshake()
    await eventually(() => expect(peer.messages.at(-1)?.text).toContain('"n"'))
    expect(peer.messages).toHaveLength(2)
    expect(peer.logs).toEqual([expect.stringContaining('too large')])
  })
})

describe('connections', () => {
  test('further requests wait in order, notifications and the GET stream do not', async () => {
    const held: (() => void)[] = []
    const order: (number | undefined)[] = []
    const far = await server(
      streamable((request, response) => {
        order.push(request.rpc.id)
        held.push(() => sendJson(response, answerTo(request)))
      }),
    )
    const peer = await open(far.url, 'remote-http', {}, { maxConnections: 2 })
    await peer.handshake()
    for (const id of [2, 3, 4, 5, 6]) peer.request(id, 'x')
    await eventually(() => expect(held).toHaveLength(2))
    peer.link.forget(4)
    peer.notify('notifications/cancelled')
    await eventually(() => expect(far.received.at(-1)?.rpc.method).toBe('notifications/cancelled'))
    expect(far.received.map(({ method }) => method)).toContain('GET')
    expect(new Set(order)).toEqual(new Set([2, 3]))
    held.shift()?.()
    await eventually(() => expect(order).toHaveLength(3))
    expect(order[2]).toBe(5)
    for (const one of held.splice(0)) one()
    await eventually(() => expect(order).toHaveLength(4))
    expect(order[3]).toBe(6)
    for (const one of held.splice(0)) one()
    await peer.answer(6)
    expect(peer.failures).toEqual([])
  })

  test('a stream that stays open after the answer holds up nobody', async () => {
    const far = await server((request, response) => {
      openStream(response)
      response.write(`data: ${answerTo(request)}\n\n`)
    })
    const peer = await open(far.url, 'remote-http', {}, { maxConnections: 1 })
    const start = performance.now()
    for (const id of [1, 2, 3]) peer.request(id, 'x')
    await peer.answer(3)
    // Sooner than the first stream is cut.
    expect(performance.now() - start).toBeLessThan(1_800)
    await vi.waitFor(() => expect(far.connections()).toBe(0), { timeout: 5_000 })
    expect(peer.failures).toEqual([])
  })

  test('forget closes the request’s stream and nothing is told of it any more', async () => {
    const far = await server((request, response) => {
      if (request.rpc.id === 2) return sendJson(response, answerTo(request))
      openStream(response)
      response.write(': working\n\n')
    })
    const peer = await open(far.url)
    peer.request(1, 'x')
    await eventually(() => expect(far.connections()).toBe(1))
    peer.link.forget(1)
    await eventually(() => expect(far.connections()).toBe(0))
    peer.request(2, 'x')
    await peer.answer(2)
    expect(peer.failures).toEqual([])
    expect(peer.messages).toHaveLength(1)
  })
})

describe('close', () => {
  test('deletes the session, aborts what is under way and leaves no connection', async () => {
    const far = await server(streamable(() => {}))
    const peer = await open(far.url, 'remote-http', { 'x-key': 'k' })
    await peer.handshake()
    peer.request(2, 'x')
    await eventually(() => expect(far.received.at(-1)?.rpc.id).toBe(2))
    await Promise.all([peer.link.close(), peer.link.close()])
    expect(peer.closed).toEqual([expect.objectContaining({ expected: true })])
    expect(far.received.at(-1)).toMatchObject({ method: 'DELETE' })
    expect(far.received.at(-1)?.headers).toMatchObject({
      'mcp-session-id': 's-12345',
      'mcp-protocol-version': '2025-06-18',
      'x-key': 'k',
    })
    expect(peer.link.send([Buffer.from('{}')])).toBe(false)
    expect(peer.failures).toEqual([])
    await eventually(() => expect(far.connections()).toBe(0))
  })

  test('does not wait for a server that never answers the DELETE', async () => {
    const far = await server((request, response) => {
      if (request.method !== 'DELETE') streamable(() => {})(request, response)
    })
    const peer = await open(far.url)
    await peer.handshake()
    const start = performance.now()
    await peer.link.close(60_000)
    expect(performance.now() - start).toBeLessThan(1_500)
    await eventually(() => expect(far.connections()).toBe(0))
  })

  test('without a session sends nothing', async () => {
    const far = await server(() => {})
    const peer = await open(far.url)
    await peer.link.close()
    expect(peer.closed).toHaveLength(1)
    expect(far.received).toEqual([])
  })
})

describe('launch', () => {
  test.each([
    ['nonsense with s3cr3t', /not a valid URL/],
    ['ftp://user:s3cr3t@host/', /ftp:\/\/, which is not HTTP/],
    ['file:///etc/s3cr3t', /file:\/\/, which is not HTTP/],
  ])('refuses %s with words that show no secret', async (url, words) => {
    const error: unknown = await connect(url).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'server_failed', message: expect.stringMatching(words) })
    expect(String(error)).not.toContain('s3cr3t')
  })

  test('refuses headers that HTTP cannot carry', async () => {
    const bad = (headers: Record<string, string>) =>
      connect('http://127.0.0.1/', 'remote-http', headers)
    await expect(bad({ 'x y': 'v' })).rejects.toThrow("'x y'")
    await expect(bad({ key: 's3cr3t\nvalue' })).rejects.toThrow(/'key' has characters/)
    await expect(bad({ key: 's3cr3t\nvalue' })).rejects.not.toThrow(/s3cr3t/)
  })
})
