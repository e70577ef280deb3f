import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GatewayError } from '../../src-shared/errors.ts'
import { askToRetire, createSocketListener } from '../../src-main/http/socket.ts'
import type { SocketListenerOptions } from '../../src-main/http/socket.ts'
import type { DuplexOptions } from '../../src-main/mcp/session-host.ts'
import { silentLog } from '../../src-main/telemetry/log.ts'
import { eventually } from '../support/eventually.ts'

/** Sessions that note what they get. */
class Notes {
  readonly opened: DuplexOptions[] = []
  readonly received: string[] = []
  closed = 0

  openDuplex(options: DuplexOptions) {
    if (options.serverId === 'nobody')
      throw new GatewayError('server_not_found', "Server 'nobody' not found")
    this.opened.push(options)
    return {
      receive: (message: Buffer) => void this.received.push(message.toString('utf8')),
      close: () => void this.closed++,
    }
  }

  get latest(): DuplexOptions {
    const latest = this.opened.at(-1)
    if (latest === undefined) throw new Error('No session was opened.')
    return latest
  }
}

async function open(options: Partial<SocketListenerOptions> = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mcp-gateway-socket-'))
  const sessions = new Notes()
  const file = path.join(folder, 'gateway.sock')
  const listener = await createSocketListener({ path: file, sessions, log: silentLog, ...options })
  onTestFinished(async () => {
    await listener.close()
    fs.rmSync(folder, { recursive: true })
  })
  return { listener, sessions, file }
}

async function connect(file: string, ...lines: object[]) {
  const socket = net.connect(file)
  onTestFinished(() => void socket.destroy())
  let text = ''
  socket.on('data', (chunk) => (text += chunk.toString('utf8')))
  socket.on('error', () => {})
  await once(socket, 'connect')
  for (const line of lines) socket.write(`${JSON.stringify(line)}\n`)
  return { socket, lines: () => text.split('\n').filter((line) => line !== '') }
}

const hello = { hello: { version: 1 } }

async function welcomed(file: string) {
  const shim = await connect(file, hello)
  await eventually(() => expect(shim.lines()).toHaveLength(1))
  return shim
}

describe('who may connect', () => {
  test('only the user: the socket is 0600 from its first moment', async () => {
    const { file } = await open()
    expect(fs.statSync(file).mode & 0o777).toBe(0o600)
  })

  test('the socket of a dead gateway is replaced, that of a living one is not', async () => {
    const { file } = await open()
    await expect(
      createSocketListener({ path: file, sessions: new Notes(), log: silentLog }),
    ).rejects.toMatchObject({ code: 'conflict' })
    await welcomed(file)
    const dead = path.join(path.dirname(file), 'dead.sock')
    const leftover = net.createServer().listen(dead)
    await once(leftover, 'listening')
    // As a kill leaves it: the file is there and nobody listens.
    fs.renameSync(dead, `${dead}.kept`)
    await new Promise((resolve) => leftover.close(resolve))
    fs.renameSync(`${dead}.kept`, dead)
    const { file: again } = await open({ path: dead })
    expect(again).not.toBe(dead)
    await welcomed(dead)
  })
})

describe('the first line', () => {
  test('opens a session and is answered by who we are', async () => {
    const { file, sessions } = await open({ spawned: true })
    const shim = await connect(file, { hello: { version: 1, server: 'files', client: 'Cline' } })
    await eventually(() => expect(shim.lines()).toHaveLength(1))
    expect(JSON.parse(shim.lines()[0] ?? '')).toEqual({
      welcome: { version: 1, pid: process.pid, spawned: true },
    })
    expect(sessions.latest).toMatchObject({
      serverId: 'files',
      client: 'Cline',
      principal: 'local',
    })
  })

  test.each([
    [{ hello: { version: 1, server: 'nobody' } }, "Server 'nobody' not found"],
    [{ hello: { version: 2 } }, 'version 1 of the shim'],
    [{ jsonrpc: '2.0', id: 1, method: 'initialize' }, 'must be a hello'],
    [{ hello: 'there' }, 'must be a hello'],
  ])('%j is refused and the connection closed', async (line, why) => {
    const { file, sessions } = await open()
    const shim = await connect(file, line)
    await once(shim.socket, 'close')
    expect(JSON.parse(shim.lines()[0] ?? '').refused.message).toContain(why)
    expect(sessions.opened).toHaveLength(0)
  })

  test('must come in time', async () => {
    const { file } = await open({ limits: { helloTimeoutMs: 50 } })
    const shim = await connect(file)
    await once(shim.socket, 'close')
    expect(shim.lines()[0]).toContain('refused')
  })
})

describe('messages', () => {
  test('pass both ways as they are', async () => {
    const { file, sessions } = await open()
    const shim = await welcomed(file)
    shim.socket.write('{"a":1.0}\r\n\n{"t":"\u2028"}\n{"half"')
    shim.socket.write(':true}\n')
    await eventually(() =>
      expect(sessions.received).toEqual(['{"a":1.0}', '{"t":"\u2028"}', '{"half":true}']),
    )
    for (const text of ['one', 'two']) sessions.latest.send([Buffer.from(text), Buffer.from('!')])
    await eventually(() => expect(shim.lines().slice(1)).toEqual(['one!', 'two!']))
  })

  test('a session that ends closes the connection after its last message', async () => {
    const { file, sessions } = await open()
    const shim = await welcomed(file)
    const closed = once(shim.socket, 'close')
    sessions.latest.send([Buffer.alloc(1024 * 1024, 'x')])
    sessions.latest.end()
    await closed
    expect(shim.lines()[1]?.length).toBe(1024 * 1024)
    await eventually(() => expect(sessions.closed).toBe(1))
  })

  test('a shim that goes away closes its session', async () => {
    const { file, sessions } = await open()
    const shim = await welcomed(file)
    shim.socket.destroy()
    await eventually(() => expect(sessions.closed).toBe(1))
    sessions.latest.send([Buffer.from('too late')])
  })
})

describe('bounds', () => {
  test('a shim that does not read is cut off', async () => {
    const { file, sessions } = await open({ limits: { maxQueuedBytes: 1024 * 1024 } })
    const shim = await welcomed(file)
    shim.socket.pause()
    for (let i = 0; i < 40; i++) sessions.latest.send([Buffer.alloc(64 * 1024, 'x')])
    await eventually(() => expect(sessions.closed).toBe(1))
  })

  test('a message over the limit ends the connection', async () => {
    const { file, sessions } = await open({ limits: { maxLineBytes: 1000 } })
    const shim = await welcomed(file)
    for (let i = 0; i < 5; i++) shim.socket.write('x'.repeat(1000))
    shim.socket.write('\n{}\n')
    await eventually(() => expect(sessions.closed).toBe(1))
    expect(sessions.received).toEqual([])
  })
})

describe('the desktop app asks it to retire', () => {
  test('a gateway that a shim has started does, after it has said so', async () => {
    let retired = 0
    const { file, sessions } = await open({ spawned: true, onRetire: () => retired++ })
    expect(await askToRetire(file)).toBeUndefined()
    expect(retired).toBe(1)
    expect(sessions.opened).toEqual([])
  })

  test('any other stays, and says why', async () => {
    const { file } = await open()
    expect(await askToRetire(file)).toBe(
      'No shim has started this gateway: whoever has started it ends it.',
    )
  })

  test('not a word more or less, and not from within a session', async () => {
    let retired = 0
    const { file } = await open({ spawned: true, onRetire: () => retired++ })
    const odd = await connect(file, { retire: { version: 2 } })
    await eventually(() => expect(odd.lines()[0]).toContain('refused'))
    const { lines } = await connect(file, hello, { retire: { version: 1 } })
    await eventually(() => expect(lines()[0]).toContain('welcome'))
    expect(retired).toBe(0)
  })

  test('where nobody listens, that is the answer', async () => {
    const { file, listener } = await open()
    await listener.close()
    expect(await askToRetire(file)).toContain('ENOENT')
  })
})

test('draining takes the socket away and tells shims to hold what is new', async () => {
  const { file, listener, sessions } = await open()
  const shim = await welcomed(file)
  listener.drain()
  await eventually(() => expect(shim.lines()[1]).toBe('{"closing":{}}'))
  expect(fs.existsSync(file)).toBe(false)
  sessions.latest.send([Buffer.from('last')])
  await eventually(() => expect(shim.lines()[2]).toBe('last'))
  await listener.close()
  expect(sessions.closed).toBe(1)
})
