import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { fixtures, isAlive, pidsWithEnvironment } from '../support/processes.ts'
import {
  createHarness,
  send,
  serverFile,
  stubbornFile,
  wrapperFile,
} from './local-process-harness.ts'

const onLinux = process.platform === 'linux'
let harness = createHarness()
let folder = ''

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'local-process-'))
})
afterEach(() => {
  harness.trees.killAllSync()
  harness = createHarness()
})
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

const until = (condition: () => void, timeout = 10_000) =>
  vi.waitFor(condition, { timeout, interval: 10 })

/** Everything with the mark of this harness, found without the code under test. */
const living = () => pidsWithEnvironment(harness.trees.runId)

describe('messages', () => {
  test('come back as the bytes that were sent, characters split over many chunks included', async () => {
    const server = await harness.startServer()
    const text = '{"text":"äöü 👩‍👩‍👧 \u2028 \u2029 \u0085 end"}'
    send(server, text)
    await until(() => expect(server.messages.map(String)).toEqual([text]))
    await server.link.close()
  })

  test('of 8 MiB come back byte for byte, and small ones around them keep their order', async () => {
    const server = await harness.startServer()
    const body = Buffer.alloc(8 * 1024 * 1024, 'é€𝄞x')
    const large = Buffer.concat([Buffer.from('{"big":"'), body, Buffer.from('"}')])
    send(server, '{"n":1}')
    server.link.send([large.subarray(0, 100), large.subarray(100)], 2)
    send(server, '{"n":3}')
    await until(() => expect(server.messages).toHaveLength(3))
    expect(server.messages[0]?.toString()).toBe('{"n":1}')
    expect(server.messages[1]?.equals(large)).toBe(true)
    expect(server.messages[2]?.toString()).toBe('{"n":3}')
    await server.link.close()
  })

  test('sent in one turn arrive one by one and in order', async () => {
    const server = await harness.startServer()
    const sent = Array.from({ length: 500 }, (_, n) => `{"n":${n}}`)
    for (const text of sent) expect(send(server, text)).toBe(true)
    await until(() => expect(server.messages.map(String)).toEqual(sent))
    await server.link.close()
  })

  test.each(['exit', 'clutter'])(
    'that came before the exit are delivered before it is told, once (%s)',
    async (how) => {
      const server = await harness.startServer()
      send(server, `{"please":"${how}"}`)
      await until(() => expect(server.closed).toHaveLength(1))
      expect(server.messages.map(String)).toEqual(['{"last":"words"}'])
      expect(server.order.at(-1)).toBe('closed')
      expect(server.closed[0]).toMatchObject({ exitCode: 3, signal: null, expected: false })
      expect(send(server, '{"too":"late"}')).toBe(false)
      await server.link.close()
      expect(server.closed).toHaveLength(1)
    },
  )

  test('are told apart from what a server prints by mistake', async () => {
    const server = await harness.startServer('--junk')
    send(server, '{"n":1}')
    await until(() => expect(server.messages).toHaveLength(1))
    expect(server.log).toEqual(
      expect.arrayContaining([
        'stdout: [INFO] listening',
        'stdout: { port: 1 }',
        'stdout: plain words',
      ]),
    )
    await server.link.close()
  })
})

describe('the end', () => {
  test('of a server that exits at once tells its code and its last words', async () => {
    const server = await harness.startServer('--exit=7')
    await until(() => expect(server.closed).toHaveLength(1))
    expect(server.closed[0]).toMatchObject({ exitCode: 7, expected: false })
    expect(server.closed[0]?.message).toContain('exited with code 7')
    expect(server.closed[0]?.message).toContain('cannot open the database')
    expect(server.log).toContain('stderr: warming up')
  })

  test('is polite: a server that leaves when its input ends is not signalled', async () => {
    const server = await harness.startServer()
    send(server, '{"n":1}')
    await until(() => expect(server.messages).toHaveLength(1))
    send(server, '{"n":2}')
    await Promise.all([server.link.close(), server.link.close()])
    expect(server.messages.map(String)).toEqual(['{"n":1}', '{"n":2}'])
    expect(server.closed).toEqual([expect.objectContaining({ exitCode: 0, expected: true })])
  })

  test('comes by SIGTERM when the input’s end is ignored, by SIGKILL when that is too', async () => {
    const [soft, hard] = await Promise.all([
      harness.startServer('--ignore-eof'),
      harness.startServer('--ignore-eof', '--ignore-sigterm'),
    ])
    for (const server of [soft, hard]) send(server, '{"n":1}')
    await until(() => expect([...soft.messages, ...hard.messages]).toHaveLength(2))
    const startedAt = performance.now()
    await Promise.all([soft.link.close(300), hard.link.close(300)])
    expect(performance.now() - startedAt).toBeLessThan(4300)
    expect(soft.closed[0]).toMatchObject({ signal: 'SIGTERM', expected: true })
    expect(hard.closed[0]).toMatchObject({ signal: 'SIGKILL', expected: true })
  })

  test.runIf(onLinux)('takes wrappers, grandchildren and daemons along, within 5 s', async () => {
    const node = process.execPath
    const lines = [
      ['sh', ['-c', `${node} ${serverFile} --ignore-eof; echo over`]],
      [node, [wrapperFile, node, serverFile, '--ignore-eof']],
      [
        node,
        [
          wrapperFile,
          'sh',
          '-c',
          `${node} ${serverFile} --ignore-eof --child=${stubbornFile} & wait`,
        ],
      ],
      [node, [serverFile, `--child=${stubbornFile}`]],
      [node, [serverFile, `--daemon=${stubbornFile}`]],
    ] as const
    const servers = await Promise.all(
      lines.map(([command, args]) => harness.start(command, [...args])),
    )
    for (const server of servers) send(server, '{"n":1}')
    await until(() =>
      expect(servers.map((server) => server.messages.length)).toEqual([1, 1, 0, 1, 1]),
    )
    // sh, server · wrapper, server · wrapper, sh, server, child · server, child · server, daemon
    await until(() => expect(living()).toHaveLength(12))
    const startedAt = performance.now()
    await Promise.all(servers.map((server) => server.link.close()))
    expect(living()).toEqual([])
    expect(performance.now() - startedAt).toBeLessThan(5000)
  })

  test.runIf(onLinux)(
    'by a crash of the wrapper takes the real server along, and is told in under a second',
    async () => {
      const server = await harness.start(process.execPath, [
        wrapperFile,
        process.execPath,
        serverFile,
        '--ignore-eof',
        '--ignore-sigterm',
      ])
      send(server, '{"n":1}')
      await until(() => expect(server.messages).toHaveLength(1))
      expect(living()).toHaveLength(2)
      const [root] = server.link.pids
      const startedAt = performance.now()
      process.kill(root ?? 0, 'SIGKILL')
      await until(() => expect(server.closed).toHaveLength(1))
      expect(performance.now() - startedAt).toBeLessThan(1000)
      expect(server.closed[0]).toMatchObject({ signal: 'SIGKILL', expected: false })
      // Nobody has called close().
      await until(() => expect(living()).toEqual([]), 4000)
    },
  )

  test('is told for a server that closes its output but lives on', async () => {
    const server = await harness.startServer('--close-stdout')
    await until(() => expect(server.closed).toHaveLength(1))
    expect(server.closed[0]?.expected).toBe(false)
    expect(server.closed[0]?.message).toContain('closed its output')
    await server.link.close()
    expect(isAlive(server.link.pids[0] ?? 0)).toBe(false)
  })

  test('comes to a server that never reads its input, before the queue eats the memory', async () => {
    const server = await harness.startServer('--deaf')
    await until(() => expect(server.messages).toHaveLength(1))
    const megabyte = Buffer.alloc(1024 * 1024, 'x')
    let taken = 0
    while (taken < 200 && server.link.send([megabyte], taken)) taken += 1
    expect(taken).toBeGreaterThan(60)
    expect(taken).toBeLessThan(70)
    await until(() => expect(server.closed).toHaveLength(1))
    expect(server.closed[0]?.message).toContain('stopped reading its input')
    await server.link.close()
  })

  test.runIf(onLinux)('at once and without a wait kills all trees', async () => {
    const servers = await Promise.all([
      harness.startServer('--ignore-sigterm', `--child=${stubbornFile}`),
      harness.startServer(`--daemon=${stubbornFile}`),
    ])
    for (const server of servers) send(server, '{"n":1}')
    await until(() => expect(living()).toHaveLength(4))
    harness.trees.killAllSync()
    await until(() => expect(living()).toEqual([]))
  })
})

test.each(['stdout', 'stderr'])('a flood of %s is contained', async (stream) => {
  const server = await harness.startServer(`--flood=${stream}`)
  await until(() => expect(server.log.length).toBeGreaterThan(500))
  const before = process.memoryUsage().rss
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  await until(() => expect(server.log.join('\n')).toMatch(/\d+ lines dropped/))
  delay.disable()
  expect(server.log.length).toBeLessThan(5000)
  expect(delay.percentile(99) / 1e6).toBeLessThan(100)
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024)
  await server.link.close(0)
})

describe('the start', () => {
  test('gives the child its folder and the safe basics, its own variables, never the gateway’s', async () => {
    vi.stubEnv('MCP_GATEWAY_API_KEY', 'secret')
    vi.stubEnv('UNRELATED_TOKEN', 'secret too')
    const harnessWithEnv = createHarness()
    const server = await harnessWithEnv.start(process.execPath, [serverFile], {
      runtime: {
        type: 'local-process',
        command: process.execPath,
        args: [serverFile],
        working_dir: '..',
      },
      env: { OWN: 'yes', MCP_GATEWAY_X: 'no' },
    })
    vi.unstubAllEnvs()
    send(server, '{"env":1}')
    await until(() => expect(server.messages).toHaveLength(1))
    const { env, cwd } = JSON.parse(String(server.messages[0]))
    expect(env).toMatchObject({ OWN: 'yes', HOME: process.env['HOME'] })
    expect(Object.keys(env).filter((name) => name.startsWith('MCP_GATEWAY_'))).toEqual([])
    expect(env).not.toHaveProperty('UNRELATED_TOKEN')
    expect(cwd).toBe(path.dirname(fixtures))
    await server.link.close()
  })

  test('says which command is missing and how to mend it', async () => {
    await expect(harness.start('no-such-command', [])).rejects.toMatchObject({
      code: 'server_failed',
      message: expect.stringMatching(
        /^test did not start\. The command `no-such-command` was not found in PATH \(login shell: \d+ folders searched\)\. Install it, or set an absolute path\.$/,
      ),
      cause: expect.objectContaining({ message: expect.stringContaining('/usr/bin') }),
    })
  })

  test('says when the file is not executable, a folder, or its interpreter is missing', async () => {
    const plain = path.join(folder, 'plain')
    const orphan = path.join(folder, 'orphan')
    fs.writeFileSync(plain, 'echo\n', { mode: 0o644 })
    fs.writeFileSync(orphan, '#!/no/such/interpreter\n', { mode: 0o755 })
    await expect(harness.start(plain, [])).rejects.toThrow(/is not executable.*chmod \+x/)
    await expect(harness.start(folder, [])).rejects.toThrow(/is a folder/)
    await expect(harness.start(orphan, [])).rejects.toThrow(/first line of .*orphan names/)
    await expect(harness.start('./nothing', [])).rejects.toThrow(/`\.\/nothing` does not exist/)
  })

  test('says when the working_dir is missing', async () => {
    const runtime = {
      type: 'local-process' as const,
      command: 'sh',
      args: [],
      working_dir: './nowhere',
    }
    await expect(harness.start('sh', [], { runtime })).rejects.toThrow(
      /^test did not start\. Its working_dir .*nowhere does not exist\. Create it/,
    )
  })

  test('takes a command with a slash from the catalog’s folder', async () => {
    const script = path.join(folder, 'script')
    fs.writeFileSync(script, `#!/bin/sh\nexec ${process.execPath} ${serverFile}\n`, { mode: 0o755 })
    const server = await harness.start('./script', [], { baseDir: folder })
    send(server, '{"n":1}')
    await until(() => expect(server.messages).toHaveLength(1))
    await server.link.close()
  })

  test('that was called off starts nothing', async () => {
    const call = harness.start('sh', [], {}, AbortSignal.abort())
    await expect(call).rejects.toMatchObject({ code: 'cancelled' })
  })
})
