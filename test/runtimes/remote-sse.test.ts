import type http from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import {
  answerTo,
  connect,
  openStream,
  sendJson,
  serve,
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

async function open(
  url: string,
  headers: Record<string, string> = {},
  options: Parameters<typeof connect>[3] = {},
): Promise<Peer> {
  const peer = await connect(url, 'remote-sse', headers, options)
  cleanUp.push(() => peer.link.close())
  return peer
}

interface OldServer {
  /** Its answer to a POST where the stream belongs. */
  refusal?: number
  endpoint?: string
  onStream?: (stream: http.ServerResponse) => void
  onMessage?: Handler
}

/** An HTTP+SSE server of 2024-11-05: GET /mcp is the stream, messages go to /message?session=abcdefgh. */
function old({ refusal = 405, endpoint, onStream, onMessage }: OldServer = {}): Handler {
  let stream: http.ServerResponse | undefined
  return (request, response) => {
    if (request.method === 'GET') {
      stream = response
      openStream(response)
      response.write(`event: endpoint\ndata: ${endpoint ?? '/message?session=abcdefgh'}\n\n`)
      onStream?.(response)
    } else if (!request.path.startsWith('/message')) response.writeHead(refusal).end('not here')
    else if (onMessage !== undefined) onMessage(request, response)
    else {
      response.writeHead(202).end('Accepted')
      if (request.rpc.id !== undefined) stream?.write(`data: ${answerTo(request, '{"v":1.0}')}\n\n`)
    }
  }
}

describe('the fallback to HTTP+SSE', () => {
  test.each([400, 404, 405, 406, 415])(
    'comes after a first POST that is answered %i',
    async (refusal) => {
      const far = await server(old({ refusal }))
      const peer = await open(far.url, { 'x-key': 'k' })
      expect(await peer.handshake()).toBe('{"jsonrpc":"2.0","id":1,"result":{"v":1.0}}')
      peer.request(2, 'tools/list')
      await peer.answer(2)
      expect(far.received.map(({ method, path }) => `${method} ${path}`)).toEqual([
        'POST /mcp',
        'GET /mcp',
        'POST /message?session=abcdefgh',
        'POST /message?session=abcdefgh',
        'POST /message?session=abcdefgh',
      ])
      expect(far.received[2]?.body).toBe(far.received[0]?.body)
      expect(far.received[1]?.headers.accept).toBe('text/event-stream')
      for (const { headers } of far.received) expect(headers['x-key']).toBe('k')
      expect(far.received[3]?.headers['mcp-protocol-version']).toBe('2025-06-18')
      expect(peer.failures).toEqual([])
    },
  )

  test('keeps the order of messages that came while it was not decided, but for those forgotten', async () => {
    let answer = () => {}
    const far = await server((request, response) => {
      if (request.method === 'POST' && request.path === '/mcp') {
        answer = () => response.writeHead(404).end()
      } else oldServer(request, response)
    })
    const oldServer = old()
    const peer = await open(far.url, {}, { maxConnections: 1 })
    for (const id of [1, 2, 3, 4]) peer.request(id, 'x')
    peer.link.forget(3)
    await eventually(() => expect(far.received).toHaveLength(1))
    answer()
    await peer.answer(4)
    const sent = far.received.filter(({ path }) => path.startsWith('/message'))
    expect(sent.map(({ rpc }) => rpc.id)).toEqual([1, 2, 4])
  })

  test('does not come where the server wants a key, or has an error of its own', async () => {
    for (const status of [401, 403, 429, 500]) {
      const far = await server((_request, response) => response.writeHead(status).end())
      const peer = await open(far.url)
      peer.request(1, 'x')
      expect((await peer.failure(1)).error.message).toContain(String(status))
      expect(far.received).toHaveLength(1)
    }
  })

  test('does not come where a Streamable HTTP server has answered', async () => {
    const far = await server((request, response) => {
      if (request.rpc.id === 1) sendJson(response, answerTo(request))
      else response.writeHead(405).end()
    })
    const peer = await open(far.url)
    peer.request(1, 'initialize')
    await peer.answer(1)
    peer.request(2, 'x')
    expect((await peer.failure(2)).error.message).toContain('405')
    expect(far.received).toHaveLength(2)
  })

  test('says what both transports met if neither works, and tries anew with the next message', async () => {
    let isUp = false
    const oldServer = old()
    const far = await server((request, response) => {
      if (isUp) oldServer(request, response)
      else response.writeHead(request.method === 'GET' ? 404 : 405).end()
    })
    const peer = await open(far.url)
    peer.request(1, 'x')
    peer.request(2, 'x')
    const { error, reached } = await peer.failure(1)
    expect(error.message).toMatch(
      /neither transport works.*answered 405 to POST.*answered 404 to GET/,
    )
    expect(reached).toBe(true)
    await peer.failure(2)
    isUp = true
    peer.request(3, 'x')
    await peer.answer(3)
  })
})

describe('the endpoint event', () => {
  test('may hold a whole URL of the same origin', async () => {
    const far: RemoteServer = await server((request, response) =>
      old({ endpoint: `http://127.0.0.1:${far.port}/message/absolute` })(request, response),
    )
    const peer = await open(far.url)
    peer.request(1, 'x')
    await eventually(() => expect(far.received.at(-1)?.path).toBe('/message/absolute'))
  })

  test.each(['http://127.0.0.1:1/message?token=abcdefgh', '//evil.example/message', 'http://'])(
    'is refused with %s',
    async (endpoint) => {
      const far = await server(old({ endpoint }))
      const peer = await open(far.url, { authorization: 'Bearer abcdef123' })
      peer.request(1, 'x')
      const { error } = await peer.failure(1)
      expect(error.message).toMatch(/another origin|no URL/)
      expect(error.message).not.toContain('abcdefgh')
      expect(peer.closed).toEqual([])
      await eventually(() => expect(far.connections()).toBeLessThanOrEqual(1))
    },
  )

  test('that never comes is not waited for', async () => {
    const far = await server((request, response) => {
      if (request.method === 'GET') openStream(response)
      else response.writeHead(405).end()
    })
    const peer = await open(far.url, {}, { endpointTimeoutMs: 80 })
    peer.request(1, 'x')
    expect((await peer.failure(1)).error.message).toContain(
      'no endpoint for messages within 0.08 s',
    )
  })

  test('that is missing from a stream that ends, or from a web page', async () => {
    const contentTypes = ['text/event-stream', 'text/html']
    for (const type of contentTypes) {
      const far = await server((request, response) => {
        if (request.method === 'GET') response.writeHead(200, { 'content-type': type }).end('<p>')
        else response.writeHead(405).end()
      })
      const peer = await open(far.url)
      peer.request(1, 'x')
      expect((await peer.failure(1)).error.message).toMatch(
        /before it named an endpoint|text\/html/,
      )
    }
  })
})

describe('the stream of HTTP+SSE', () => {
  test('closes the link when it is lost', async () => {
    let stream: http.ServerResponse | undefined
    const far = await server(old({ onStream: (one) => (stream = one) }))
    const peer = await open(far.url)
    await peer.handshake()
    stream?.destroy()
    await eventually(() => expect(peer.closed).toHaveLength(1))
    expect(peer.closed[0]).toMatchObject({
      expected: false,
      message: expect.stringMatching(/event stream .* broke/),
    })
    expect(peer.link.send([Buffer.from('{}')], 9)).toBe(false)
    await eventually(() => expect(far.connections()).toBe(0))
  })

  test('is closed by close, which leaves no connection', async () => {
    const far = await server(old())
    const peer = await open(far.url)
    await peer.handshake()
    await peer.link.close()
    expect(peer.closed).toEqual([expect.objectContaining({ expected: true })])
    await eventually(() => expect(far.connections()).toBe(0))
    expect(far.received.map(({ method }) => method)).not.toContain('DELETE')
  })

  test.each([
    ['its id at the end', 2, `"result":"${'x'.repeat(300_000)}","id":1}`],
    [
      'its id elsewhere, but the only one asked for',
      1,
      `"id":1,"result":"${'x'.repeat(300_000)}"}`,
    ],
  ])(
    'skips an answer over the limit, with %s: its request fails and the link lives',
    async (_, asked, rest) => {
      let stream: http.ServerResponse | undefined
      const far = await server(
        old({
          onStream: (one) => (stream = one),
          onMessage: (request, response) => {
            response.writeHead(202).end()
            if (request.rpc.id === 1) stream?.write(`data: {"jsonrpc":"2.0",${rest}\n\n`)
            if (request.rpc.id === 3) stream?.write(`data: ${answerTo(request)}\n\n`)
          },
        }),
      )
      const peer = await open(far.url, {}, { maxMessageBytes: 100_000 })
      if (asked === 2) peer.request(2, 'silent')
      peer.request(1, 'x')
      const { error, reached } = await peer.failure(1)
      expect(error.code).toBe('too_large')
      expect(reached).toBe(true)
      peer.request(3, 'x')
      await peer.answer(3)
      expect(peer.failures).toHaveLength(1)
    },
  )

  test('a POST that is refused fails its request only', async () => {
    const far = await server(
      old({
        onMessage: (request, response) => {
          if (request.rpc.id === 1) response.writeHead(500).end('no')
          else if (request.rpc.id === 2) {
            sendJson(
              response,
              '{"jsonrpc":"2.0","id":2,"error":{"code":1.0,"message":""}}',
              {},
              400,
            )
          } else response.destroy()
        },
      }),
    )
    const peer = await open(far.url)
    for (const id of [1, 2, 3]) peer.request(id, 'x')
    expect((await peer.failure(1)).error.message).toContain('500')
    expect(await peer.answer(2)).toContain('"code":1.0')
    expect((await peer.failure(3)).reached).toBe(true)
    expect(peer.closed).toEqual([])
  })
})
