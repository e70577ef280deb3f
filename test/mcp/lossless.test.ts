import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { at, Relay, ways } from './relay.ts'
import type { Client } from './client.ts'

/** A result and params that JSON.parse and JSON.stringify would rewrite. */
const awkward =
  '{ "z":1.0,"a":-0, "big":9007199254740993,"huge":1e400,"tiny":1E-7,"esc":"\\u00e9\\/\\ud83d\\ude00",' +
  '"raw":"é😀\u2028\u2029\u0085","dup":1,"dup":2,"__proto__":{"x":null},"":[],"deep":[[[{ }]]],"_meta":{"x/y":{"n":10000000000000000000000}} }'

const awkwardError = '{"code":-31999,"message":"no \\u00e9","data":{"n":1.0,"b":9007199254740993}}'

let relay: Relay
beforeAll(async () => {
  relay = await Relay.start((stage) => [stage.entry('one')])
  const one = relay.server('one')
  one.onTool('awkward', (request, process) => process.answer(request, awkward))
  one.onTool('broken', (request, process) => process.fail(request, awkwardError))
})
afterAll(() => relay.close())

const span = (raw: Buffer, from: string): string => {
  const text = raw.toString()
  return text.slice(text.indexOf(from) + from.length)
}

describe.each(ways)('$endpoint over $carrier', (way) => {
  let client: Client
  beforeAll(async () => {
    client = await relay.connect(way.carrier, at(way))
  })

  it("gives a result back byte for byte, with the client's own id", async () => {
    const name = JSON.stringify(client.toolName('awkward'))
    const answer = await client.raw(
      `{"jsonrpc":"2.0","id":"m","method":"tools/call","params":{"name":${name}}}`,
      '"m"',
    )
    expect(answer.raw.toString()).toBe(`{"jsonrpc":"2.0","id":"m","result":${awkward}}`)
  })

  it('gives params to the server byte for byte', async () => {
    const name = JSON.stringify(client.toolName('awkward'))
    await client.raw(
      `{"id": "p","method":"tools/call","future":[1.0],"params":{"arguments":${awkward} , "name":${name},"_meta":{"k":-0}},"jsonrpc":"2.0"}`,
      '"p"',
    )
    const got = relay.server('one').of('tools/call').at(-1)
    expect(span(got?.raw ?? Buffer.alloc(0), '"method"')).toBe(
      `:"tools/call","future":[1.0],"params":{"arguments":${awkward} , "name":"awkward","_meta":{"k":-0}},"jsonrpc":"2.0"}`,
    )
  })

  it('gives errors back with their code, message and data', async () => {
    const answer = await client.call('broken')
    expect(span(answer.raw, '"error":')).toBe(`${awkwardError}}`)
  })

  it('sends a message of several lines, and one with a bare line end in a string, as one line', async () => {
    const name = JSON.stringify(client.toolName('echo'))
    const before = relay.server('one').current.received.length
    const answer = await client.raw(
      `{"jsonrpc":"2.0",\r\n "id":"l","method":"tools/call",\n"params":{"name":${name},"arguments":["x\n[1]\ry"]}}`,
      '"l"',
    )
    expect(answer.result).toBeDefined()
    expect(relay.server('one').current.received.length).toBe(before + 1)
  })

  it.each(['0', '"0"', '-7', '"é€😀"', `"${'x'.repeat(5_000)}"`, '9007199254740993', '1.5'])(
    'keeps the id as it was written: %.20s',
    async (id) => {
      const name = JSON.stringify(client.toolName('awkward'))
      const answers = client.raw(
        `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":${name}}}`,
        JSON.stringify(JSON.parse(id)),
      )
      expect((await answers).raw.toString()).toBe(
        `{"jsonrpc":"2.0","id":${id},"result":${awkward}}`,
      )
    },
  )
})
