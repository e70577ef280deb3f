import type { Random } from './random.ts'

/** What a request carries so that its answer can be told from all others. */
export const tokenPattern = /T-\w+-\d+-[0-9a-f]{8}/g

/** The token of a client's nth message. Its end checks the rest: the generator also alters bytes of tokens. */
export function tokenOf(client: string, n: number): string {
  const text = `${client}-${n}`
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return `${text}-${(hash >>> 0).toString(16).padStart(8, '0')}`
}

/** The tokens in some bytes that nobody has altered, each with its client. */
export function tokensIn(bytes: Buffer): { token: string; client: string }[] {
  return [...bytes.toString('latin1').matchAll(tokenPattern)].flatMap(([token]) => {
    const [prefix = '', number = '', n = ''] = token.split('-')
    const client = `${prefix}-${number}`
    return tokenOf(client, Number(n)) === token ? [{ token, client }] : []
  })
}

const methods = [
  'initialize',
  'server/discover',
  'ping',
  'tools/list',
  'tools/call',
  'tools/call',
  'tools/call',
  'tools/call',
  'tools/call',
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
  'completion/complete',
  'logging/setLevel',
  'subscriptions/listen',
  'tasks/get',
  'tasks/cancel',
  'notifications/initialized',
  'notifications/cancelled',
  'notifications/progress',
  'notifications/roots/list_changed',
  'notifications/x',
  'no/such',
  '',
  '__proto__',
  'é/\u2028',
] as const

const versions = [
  '2024-11-05',
  '2025-03-26',
  '2025-06-18',
  '2025-11-25',
  '2026-07-28',
  '2026-07-28',
  '2026-07-28',
  '1999-01-01',
  '',
  'x'.repeat(300),
] as const

/** JSON texts of ids. */
const ids = [
  '0',
  '"0"',
  '1',
  '"1"',
  '-1',
  '1.5',
  '1e400',
  'null',
  '""',
  '"\\u0030"',
  '[]',
  '{}',
  'true',
  '9007199254740993',
  '"é\\n"',
  '-0',
  `"${'i'.repeat(2_000)}"`,
] as const

const strings = [
  '',
  'a',
  'é😀',
  '\u2028',
  '\0',
  '"',
  '\\',
  '__proto__',
  '../..',
  '\ud800',
  '\n',
] as const

/** The tools that every server of the arena has, as the endpoints name them, and some that none has. */
const names = [
  'echo',
  'one__echo',
  'two__echo',
  'wild__echo',
  'new__echo',
  'x',
  'a__b',
  '',
  '__proto__',
] as const

export function randomValue(random: Random, depth = 0): unknown {
  switch (random.int(depth > 3 ? 6 : 9)) {
    case 0:
      return null
    case 1:
      return random.chance(0.5)
    case 2:
      return random.pick([0, -0, 1, -1, 1.5, 1e21, Number.MAX_SAFE_INTEGER, 1e-7])
    case 3:
    case 4:
      return random.pick(strings)
    case 5:
      return random.pick(strings).repeat(random.int(50))
    case 6:
      return Array.from({ length: random.int(5) }, () => randomValue(random, depth + 1))
    default:
      return Object.fromEntries(
        Array.from({ length: random.int(5) }, () => [
          random.pick([...strings, 'id', 'method', 'params', 'result', '_meta', 'uri', 'name']),
          randomValue(random, depth + 1),
        ]),
      )
  }
}

function modernMeta(random: Random): Record<string, unknown> {
  const prefix = 'io.modelcontextprotocol/'
  return {
    ...(random.chance(0.95)
      ? { [`${prefix}protocolVersion`]: random.chance(0.8) ? '2026-07-28' : random.pick(versions) }
      : {}),
    ...(random.chance(0.95)
      ? {
          [`${prefix}clientCapabilities`]: random.pick([
            {},
            {},
            { sampling: {} },
            { elicitation: {} },
            [],
            'x',
          ]),
        }
      : {}),
    ...(random.chance(0.3) ? { [`${prefix}clientInfo`]: randomValue(random) } : {}),
    ...(random.chance(0.2)
      ? { [`${prefix}logLevel`]: random.pick(['debug', 'error', 'loud', 5]) }
      : {}),
  }
}

function paramsOf(random: Random, method: string, token: string): Record<string, unknown> {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: random.pick(versions),
        capabilities: random.pick([{}, { sampling: {} }, { roots: {}, elicitation: {} }]),
        clientInfo: { name: token, version: '1' },
      }
    case 'tools/call':
    case 'prompts/get':
      return {
        name: random.pick(names),
        arguments: { token, wild: random.int(4), seed: random.int(1e9) },
        ...(random.chance(0.1)
          ? { requestState: random.pick(['omg1.x.y', 'omg1..', 'omg1.', '', 'x']) }
          : {}),
        ...(random.chance(0.1) ? { inputResponses: randomValue(random) } : {}),
      }
    case 'resources/read':
    case 'resources/subscribe':
    case 'resources/unsubscribe':
      return {
        uri: random.pick([
          'file:///a',
          'mcp://one/file:///a',
          'mcp://nobody/x',
          'mcp://',
          '',
          '\0',
        ]),
        token,
      }
    case 'completion/complete':
      return {
        ref: random.pick([
          { type: 'ref/prompt', name: random.pick(names) },
          { type: 'ref/resource', uri: 'mcp://one/x' },
          null,
        ]),
        argument: { name: 'a', value: token },
      }
    case 'logging/setLevel':
      return { level: random.pick(['debug', 'error', 'loud', '']) }
    case 'subscriptions/listen':
      return {
        notifications: random.pick([
          { toolsListChanged: true, resourceSubscriptions: ['file:///a', 'mcp://one/a'] },
          {},
          [],
          null,
        ]),
      }
    case 'notifications/cancelled':
      return { requestId: random.pick([0, '0', 1, 'x', null]), reason: token }
    case 'notifications/progress':
      return { progressToken: random.pick([0, 1, 'x', null]), progress: 1 }
    default:
      return random.chance(0.5)
        ? { cursor: random.pick(['', '3', 'bnVsbA==', 'x'.repeat(100)]) }
        : { token }
  }
}

export interface Made {
  bytes: Buffer
  method: string
  name: string
  /** A well-formed tool call that must be answered, with the token as its id. */
  isCall: boolean
}

/** A tool call that nothing is wrong with. */
export function validCall(
  random: Random,
  token: string,
  era: 'legacy' | 'modern',
  tool: string,
): Made {
  const _meta = {
    ...(era === 'modern'
      ? {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {},
        }
      : {}),
    ...(random.chance(0.3) ? { progressToken: token } : {}),
  }
  const args = { token, wild: random.int(6), seed: random.int(1e9), x: randomValue(random) }
  const params = {
    name: tool,
    arguments: args,
    ...(Object.keys(_meta).length > 0 ? { _meta } : {}),
  }
  const text = JSON.stringify({ jsonrpc: '2.0', id: token, method: 'tools/call', params })
  return { bytes: Buffer.from(text), method: 'tools/call', name: tool, isCall: true }
}

/** One message of a client: mostly well-formed, often with something wrong in it. */
export function randomMessage(random: Random, token: string): Made {
  const method = random.pick(methods)
  const params = paramsOf(random, method, token)
  const named = params['name'] ?? params['uri']
  const name = typeof named === 'string' ? named : ''
  const meta = {
    ...(random.chance(0.5) ? modernMeta(random) : {}),
    ...(random.chance(0.3) ? { progressToken: random.pick([token, 1, null, {}]) } : {}),
  }
  if (Object.keys(meta).length > 0) params['_meta'] = meta
  const id = random.chance(0.5) ? JSON.stringify(token) : random.pick(ids)
  const members = [
    `"jsonrpc":${random.chance(0.95) ? '"2.0"' : JSON.stringify(randomValue(random))}`,
    ...(method.startsWith('notifications/') && random.chance(0.9) ? [] : [`"id":${id}`]),
    `"method":${JSON.stringify(random.chance(0.97) ? method : randomValue(random))}`,
    `"params":${JSON.stringify(random.chance(0.95) ? params : randomValue(random))}`,
  ]
  let text: string
  switch (random.int(14)) {
    case 0: {
      // Members twice, or in another order.
      members.push(...members.slice(random.int(4)).toReversed())
      text = `{${members.toReversed().join(',')}}`
      break
    }
    case 1: {
      const depth = random.pick([10, 100, 1_000, 5_000, 20_000])
      const [open, close] = random.pick([
        ['[', ']'],
        ['{"a":', '}'],
      ] as const)
      text = `{${members.slice(0, 3).join(',')},"params":{"name":"echo","arguments":${open.repeat(depth)}1${close.repeat(depth)}}}`
      break
    }
    case 2:
      text = `{${members.join(',')},"big":"${'x'.repeat(random.pick([1_000, 20_000, 100_000, 400_000]))}"}`
      break
    case 3:
      text = `{"jsonrpc":"2.0","id":${random.pick(ids)},${random.pick(['"result":{}', '"error":{"code":1,"message":""}', '"error":null', '"result":{},"error":{}'])}}`
      break
    case 4:
      text = `[${Array.from({ length: random.int(4) }, () => `{${members.join(',')}}`).join(',')}]`
      break
    case 5:
      text = JSON.stringify(randomValue(random)) ?? ''
      break
    default:
      text = `{${members.join(random.chance(0.1) ? ' ,\r\n\t' : ',')}}`
  }
  const whole = Buffer.from(text)
  const bytes = random.chance(0.12) ? broken(random, whole) : whole
  return { bytes, method, name, isCall: false }
}

/** Cut, with other bytes in it, or with a part of it twice. */
export function broken(random: Random, bytes: Buffer): Buffer {
  if (bytes.length === 0) return bytes
  const at = random.int(bytes.length)
  switch (random.int(4)) {
    case 0:
      return bytes.subarray(0, at)
    case 1:
      return bytes.subarray(at)
    case 2: {
      const copy = Buffer.from(bytes)
      for (let i = 0; i <= random.int(4); i++) copy[random.int(copy.length)] = random.int(256)
      return copy
    }
    default: {
      const odd = random.pick([
        '\\x',
        '\\ud800',
        '\0',
        '\xff',
        '}',
        '"',
        ',',
        '\u2028',
        '\ufeff',
        '\r\n',
        '[]',
        '{',
      ])
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(odd, 'latin1'), bytes.subarray(at)])
    }
  }
}

/** What a server might write that nobody has asked for; nothing of it may reach a client with a token. */
export function serverGarbage(random: Random): Buffer {
  const id = random.pick([...ids, '2', '7', '12', '-1', '999999', '"1"'])
  const line = random.pick([
    '',
    'Server listening on stdio',
    '{',
    '[]',
    'null',
    '{"jsonrpc":"2.0"}',
    '\u2028',
    `{"jsonrpc":"2.0","id":${random.int(1e6) + 1e8},"result":{"content":[]}}`,
    `{"jsonrpc":"2.0","id":"${random.int(50)}","result":{}}`,
    `{"jsonrpc":"2.0","id":${id},"method":"sampling/createMessage","params":${JSON.stringify(randomValue(random))}}`,
    `{"jsonrpc":"2.0","id":${id},"method":"elicitation/create","params":{"message":"?"}}`,
    `{"jsonrpc":"2.0","id":${id},"method":"roots/list"}`,
    `{"jsonrpc":"2.0","id":${id},"method":"no/such","params":[]}`,
    `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${id},"progress":1}}`,
    `{"jsonrpc":"2.0","method":"notifications/progress","params":${JSON.stringify(randomValue(random))}}`,
    `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${id}}}`,
    `{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"error","data":${JSON.stringify(randomValue(random))}}}`,
    `{"jsonrpc":"2.0","method":"notifications/message","params":${JSON.stringify(randomValue(random))}}`,
    '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}',
    '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"file:///a"}}',
    `{"jsonrpc":"2.0","method":"notifications/resources/updated","params":${JSON.stringify(randomValue(random))}}`,
    `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":${JSON.stringify(randomValue(random))}}`,
    `{"jsonrpc":"2.0","method":${JSON.stringify(randomValue(random))},"params":${'['.repeat(3_000)}${']'.repeat(3_000)}}`,
    `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}`,
    JSON.stringify(randomValue(random)),
  ])
  const bytes = Buffer.from(line)
  return random.chance(0.15) ? broken(random, bytes) : bytes
}
