import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { ActivityEntry } from '../../src-shared/api.ts'
import { maxBodyBytes } from '../../src-main/telemetry/history.ts'
import { answer, finishedCall, HistoryBench, stateFolder } from './finished-calls.ts'

const day = Date.parse('2026-01-01T00:00:00Z')

describe('an entry', () => {
  test('is written a moment after its call has ended, and told to who follows', async () => {
    const bench = new HistoryBench(await stateFolder())
    const told: ActivityEntry[] = []
    const stop = bench.history.onEntry((entry) => told.push(entry))
    bench.clock.advance(1_000)
    bench.record('echo')
    await bench.history.flush()
    expect(told).toEqual([
      {
        id: 1,
        time: new Date(day + 988).toISOString(),
        client: 'tests',
        server_id: 'one',
        method: 'tools/call',
        target: 'echo',
        duration_ms: 12.5,
        outcome: 'ok',
        error: null,
      },
    ])
    expect((await bench.history.list({ limit: 1 })).entries).toEqual(told)
    stop()
    bench.record('again')
    bench.clock.advance(500)
    await expect.poll(() => bench.targets(), { timeout: 10_000 }).toEqual(['again', 'echo'])
    expect(told).toHaveLength(1)
  })

  test('is opened to what was sent and what came, byte by byte, under the id of its client', async () => {
    const bench = new HistoryBench(await stateFolder())
    const numbers = '{"a":1.0,"b":9007199254740993,"é":"\\u00e9"}'
    const call = finishedCall('echo', { at: 'here' })
    const { bytes } = call.outgoing.envelope
    const text = bytes.toString().replace('{"at":"here"}', numbers)
    Object.assign(call.outgoing.envelope, { bytes: Buffer.from(text) })
    const response = answer({ n: 1 })
    Object.assign(response, { bytes: Buffer.from('{"jsonrpc":"2.0","id":7,"result":{"n":1.0}}') })
    bench.history.record('one', call, response, 1)
    await bench.history.flush()
    expect(await bench.history.get(1)).toMatchObject({
      request: text,
      response: '{"jsonrpc":"2.0","id":"its","result":{"n":1.0}}',
      is_replayable: true,
      replay_reason: null,
    })
    expect(await bench.history.pastRequest(1)).toEqual({
      serverId: 'one',
      method: 'tools/call',
      params: `{"name":"echo","arguments":${numbers}}`,
    })
  })

  test('whose tool says that it failed is an error, in the words of the tool', async () => {
    const bench = new HistoryBench(await stateFolder())
    bench.record('echo', {}, { content: [{ type: 'text', text: 'No such file.' }], isError: true })
    bench.record('echo', {}, { content: [{ type: 'text', text: 'isError' }], isError: false })
    const { entries } = await bench.history.list({ limit: 10 })
    expect(entries.map(({ outcome, error }) => [outcome, error])).toEqual([
      ['ok', null],
      ['error', 'No such file.'],
    ])
  })

  test('has its secrets masked everywhere, and then cannot be sent again', async () => {
    const bench = new HistoryBench(await stateFolder())
    bench.redactor.add('sesame-open')
    bench.record('echo', { note: 'sesame-open' }, { text: 'you said sesame-open' }, 'sesame-open')
    bench.record('sesame-open', { password: 'hunter2' }, { token: 'abc' })
    bench.record(
      'echo',
      {},
      { content: [{ type: 'text', text: `${'x'.repeat(1_990)}sesame-open` }], isError: true },
    )
    const { entries } = await bench.history.list({ limit: 10 })
    const details = await Promise.all(entries.map(({ id }) => bench.history.get(id)))
    const all = JSON.stringify(details)
    for (const secret of ['sesame', 'hunter2', 'abc']) expect(all).not.toContain(secret)
    expect(details.map((it) => it.is_replayable)).toEqual([true, false, false])
    expect(details[1]?.replay_reason).toBe('The request held a secret, which was not kept.')
    await expect(bench.history.pastRequest(1)).rejects.toMatchObject({ code: 'conflict' })
    await bench.history.close()
    for (const file of await fs.readdir(bench.dir))
      expect((await fs.readFile(`${bench.dir}/${file}`)).toString('latin1')).not.toMatch(
        /sesame|hunter2/,
      )
  })

  test('that is gone is not found', async () => {
    const bench = new HistoryBench(await stateFolder())
    await expect(bench.history.get(5)).rejects.toMatchObject({ code: 'not_found' })
    await expect(bench.history.pastRequest(5)).rejects.toMatchObject({ code: 'not_found' })
  })
})

describe('large and many', () => {
  test('what is larger than is kept leaves the entry without it, and holds no memory', async () => {
    const bench = new HistoryBench(await stateFolder())
    bench.record('write', { text: 'x'.repeat(maxBodyBytes) }, { ok: true })
    bench.record('read', {}, { text: 'x'.repeat(maxBodyBytes) })
    bench.record('both', { text: 'x'.repeat(maxBodyBytes - 1_000) }, { fits: true })
    expect(await bench.targets()).toEqual(['both', 'read', 'write'])
    expect(await bench.history.get(1)).toMatchObject({
      request: null,
      response: expect.stringContaining('"ok":true'),
      is_replayable: false,
      replay_reason: 'The request was not kept: it was too large, or too many came at once.',
    })
    expect(await bench.history.get(2)).toMatchObject({
      request: expect.stringContaining('"read"'),
      response: null,
      is_replayable: true,
    })
    expect((await bench.history.get(3)).request).toHaveLength(maxBodyBytes - 1_000 + 99)
  })

  test('of many at once, first what was said is left out, then entries, and they are counted', async () => {
    const bench = new HistoryBench(await stateFolder())
    for (let i = 0; i < 20; i++) bench.record(`large-${i}`, {}, { text: 'x'.repeat(200_000) })
    for (let i = 0; i < 1_000; i++) bench.record(`small-${i}`)
    const { entries, skipped } = await bench.history.list({ limit: 2_000 })
    expect(entries).toHaveLength(1_000)
    expect(skipped).toBe(20)
    const details = await Promise.all(entries.map(({ id }) => bench.history.get(id)))
    expect(details.filter(({ response }) => (response?.length ?? 0) > 200_000)).toHaveLength(5)
    expect(details.at(-1)).toMatchObject({ target: 'large-0', is_replayable: true })
    expect(details[0]).toMatchObject({ target: 'small-979', request: null, response: null })
  })

  test('when they never cease, some of each second are kept', async () => {
    const bench = new HistoryBench(await stateFolder())
    for (let i = 0; i < 30; i++) {
      for (let n = 0; n < 500; n++) bench.record(`${i}`)
      bench.clock.advance(500)
      await bench.history.flush()
    }
    const { entries, skipped } = await bench.history.list({ limit: 20_000 })
    expect(entries.length + skipped).toBe(15_000)
    // A burst of a thousand, and two hundred a second.
    expect(entries.length).toBeGreaterThan(3_500)
    expect(entries.length).toBeLessThan(4_100)
    expect(entries.filter(({ target }) => target === '29').length).toBeGreaterThan(50)
    bench.clock.advance(60_000)
    for (let n = 0; n < 1_000; n++) bench.record('calm')
    expect((await bench.history.list({ limit: 1 })).skipped).toBe(skipped)
  })

  test('the oldest make room for new ones, by their number', async () => {
    const bench = new HistoryBench(await stateFolder(), { limits: { rows: 100, bytes: 1e9 } })
    for (let i = 0; i < 5; i++) {
      for (let n = 0; n < 50; n++) bench.record(`${i * 50 + n}`)
      await bench.history.flush()
    }
    const targets = await bench.targets()
    expect(targets.length).toBeLessThanOrEqual(100)
    expect(targets.length).toBeGreaterThanOrEqual(95)
    expect(targets[0]).toBe('249')
    await bench.history.close()
    const rows = new DatabaseSync(bench.file).prepare('SELECT id FROM bodies').all()
    expect(rows).toHaveLength(targets.length)
  })

  test('the oldest make room for new ones, by their size, and the file stays small', async () => {
    const limit = 1_000_000
    const bench = new HistoryBench(await stateFolder(), { limits: { rows: 1e6, bytes: limit } })
    for (let i = 0; i < 20; i++) {
      for (let n = 0; n < 5; n++) bench.record(`${i}`, {}, { text: 'x'.repeat(100_000) })
      await bench.history.flush()
    }
    expect(await bench.targets()).toEqual(['19', '19', '19', '19', '19', '18', '18', '18', '18'])
    await bench.history.close()
    expect((await fs.stat(bench.file)).size).toBeLessThan(2.5 * limit)
  })

  test('a full batch holds the event loop for a few milliseconds at a time', async () => {
    const bench = new HistoryBench(await stateFolder())
    const fill = (): void => {
      for (let i = 0; i < 4; i++)
        bench.record(
          'large',
          {},
          { content: [{ type: 'text', text: 'some text '.repeat(25_000) }] },
        )
      for (let i = 0; i < 300; i++) bench.record('echo', { message: 'hello' })
    }
    // What runs for the first time is slower.
    fill()
    await bench.history.flush()
    fill()
    let longest = 0
    let last = process.cpuUsage()
    let isDone = false
    const look = (): void => {
      // Processor time: other programs may have the processor for longer.
      const { user, system } = process.cpuUsage(last)
      longest = Math.max(longest, (user + system) / 1000)
      last = process.cpuUsage()
      if (!isDone) setImmediate(look)
    }
    setImmediate(look)
    await bench.history.flush()
    isDone = true
    expect(longest).toBeLessThan(25)
  })
})

describe('a list', () => {
  test('is asked for by page, server, client, outcome and text', async () => {
    const bench = new HistoryBench(await stateFolder())
    const { history } = bench
    for (const name of ['alpha', 'beta', 'gamma_1', '50% off']) bench.record(name)
    bench.record('delta', {}, { isError: true, content: [{ type: 'text', text: 'No ALPHA here' }] })
    history.record('two', finishedCall('epsilon', {}, 'Cursor'), undefined, 1)
    const targets = async (filter: object): Promise<(string | null)[]> =>
      (await history.list({ limit: 10, ...filter })).entries.map(({ target }) => target)
    expect(await targets({ server_id: 'two' })).toEqual(['epsilon'])
    expect(await targets({ client: 'Cursor' })).toEqual(['epsilon'])
    expect(await targets({ client: 'cursor' })).toEqual([])
    expect(await targets({ outcome: 'error' })).toEqual(['delta'])
    expect(await targets({ outcome: 'cancelled' })).toEqual(['epsilon'])
    expect(await targets({ text: 'Alpha' })).toEqual(['delta', 'alpha'])
    expect(await targets({ text: 'tools/', server_id: 'one', outcome: 'ok' })).toEqual([
      '50% off',
      'gamma_1',
      'beta',
      'alpha',
    ])
    expect(await targets({ text: '%' })).toEqual(['50% off'])
    expect(await targets({ text: '_' })).toEqual(['gamma_1'])
    expect(await targets({ text: String.raw`\ ' "` })).toEqual([])
    expect(await history.list({ limit: 2 })).toMatchObject({
      enabled: true,
      more: true,
      entries: [{ id: 6 }, { id: 5 }],
    })
    expect(await history.list({ limit: 4, before: 5 })).toMatchObject({
      more: false,
      entries: [{ id: 4 }, { id: 3 }, { id: 2 }, { id: 1 }],
    })
  })

  test('that was cleared is empty, on the disk as well, and old numbers do not come back', async () => {
    const bench = new HistoryBench(await stateFolder())
    bench.record('remember-me')
    await bench.history.flush()
    bench.record('and-me')
    await bench.history.clear()
    expect(await bench.targets()).toEqual([])
    for (const file of await fs.readdir(bench.dir))
      expect((await fs.readFile(`${bench.dir}/${file}`)).toString('latin1')).not.toMatch(
        /remember-me|and-me/,
      )
    bench.record('new')
    expect((await bench.history.list({ limit: 5 })).entries).toMatchObject([{ id: 3 }])
  })
})

describe('the file', () => {
  test('is not made, nor SQLite loaded, before a call has ended', async () => {
    const dir = await stateFolder()
    const history = new URL('../../src-main/telemetry/history.ts', import.meta.url).href
    const clock = new URL('../../src-main/servers/clock.ts', import.meta.url).href
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '--eval',
      `const { RequestHistory } = await import('${history}')
       const { systemClock } = await import('${clock}')
       const history = new RequestHistory({ stateDir: '${dir}', redact: (text) => text, log: {}, clock: systemClock })
       await history.flush()
       await history.close()
       console.log(process.moduleLoadList.filter((name) => /sqlite/.test(name)).length)`,
    ])
    expect(stdout.trim()).toBe('0')
    expect(await fs.readdir(dir)).toEqual([])
  })

  test('is for its user alone, and is read again by the next gateway', async () => {
    const dir = await stateFolder()
    const first = new HistoryBench(dir)
    first.record('before', { a: 1 })
    await first.history.flush()
    for (const name of await fs.readdir(dir))
      expect((await fs.stat(`${dir}/${name}`)).mode & 0o777).toBe(0o600)
    first.record('at the end')
    await first.history.close()
    expect(await fs.readdir(dir)).toEqual(['history.sqlite'])
    first.record('too late')
    await fs.chmod(first.file, 0o644)

    const second = new HistoryBench(dir)
    expect(await second.targets()).toEqual(['at the end', 'before'])
    expect((await fs.stat(second.file)).mode & 0o777).toBe(0o600)
    second.record('after')
    expect((await second.history.list({ limit: 1 })).entries).toMatchObject([{ id: 3 }])
  })

  test('survives a gateway that is killed', async () => {
    const dir = await stateFolder()
    const first = new HistoryBench(dir)
    first.record('before')
    await first.history.flush()
    // As it is on the disk at this moment.
    const copy = await stateFolder()
    await fs.cp(dir, copy, { recursive: true })
    const second = new HistoryBench(copy)
    expect(await second.targets()).toEqual(['before'])
    expect(second.warnings).toEqual([])
  })

  test.each([
    ['is no database', (file: string) => fs.writeFile(file, 'not a database at all'.repeat(500))],
    [
      'is of a newer gateway',
      (file: string) => {
        const database = new DatabaseSync(file)
        database.exec('PRAGMA user_version = 99')
        database.close()
        return Promise.resolve()
      },
    ],
    [
      'has other tables',
      (file: string) => {
        const database = new DatabaseSync(file)
        database.exec('PRAGMA user_version = 1')
        database.close()
        return Promise.resolve()
      },
    ],
    [
      'is damaged within',
      async (file: string) => {
        const bench = new HistoryBench(file.replace('/history.sqlite', ''))
        for (let i = 0; i < 200; i++) bench.record('x'.repeat(900))
        await bench.history.close()
        const { size } = await fs.stat(file)
        const handle = await fs.open(file, 'r+')
        await handle.write(Buffer.alloc(size - 4096 * 4, 0xff), 0, size - 4096 * 4, 4096)
        await handle.close()
      },
    ],
  ])('that %s is set aside, and another begun', async (name, make) => {
    const dir = await stateFolder()
    await make(`${dir}/history.sqlite`)
    const before = await fs.readFile(`${dir}/history.sqlite`)
    const bench = new HistoryBench(dir)
    bench.record('new')
    expect(await bench.targets()).toEqual(['new'])
    expect(bench.warnings).toEqual(['The history of requests cannot be read. It begins anew.'])
    const aside = await fs.readFile(`${bench.file}.unreadable`)
    expect(aside).toHaveLength(before.length)
    if (!name.startsWith('has')) expect(aside.equals(before)).toBe(true)
    expect(bench.history.enabled).toBe(true)
  })

  test('that cannot be written turns the history off, with one warning', async () => {
    const dir = await stateFolder()
    // What a read-only folder or a full disk do as well, and root can still do.
    await fs.mkdir(`${dir}/history.sqlite`)
    const bench = new HistoryBench(dir)
    bench.record('a')
    await bench.history.flush()
    bench.record('b')
    expect(await bench.history.list({ limit: 5 })).toEqual({
      enabled: false,
      entries: [],
      more: false,
      skipped: 0,
    })
    await expect(bench.history.get(1)).rejects.toMatchObject({ code: 'not_found' })
    await bench.history.clear()
    expect(bench.history.enabled).toBe(false)
    expect(bench.warnings).toEqual([
      'The history of requests cannot be kept, and is off until the next start.',
    ])
  })

  test.skipIf(process.platform === 'win32')(
    'on a disk that is full turns the history off',
    async () => {
      const dir = await stateFolder()
      const bench = new URL('finished-calls.ts', import.meta.url).href
      const script = `
      const { endlessHistory } = await import('${bench}')
      console.log(JSON.stringify(await endlessHistory('${dir}')))`
      const { stdout } = await promisify(execFile)('sh', [
        '-c',
        'ulimit -f 600; exec "$0" --input-type=module --eval "$1"',
        process.execPath,
        script,
      ])
      const { enabled, written, warnings } = JSON.parse(stdout)
      expect({ enabled, warnings }).toEqual({
        enabled: false,
        warnings: ['The history of requests cannot be kept, and is off until the next start.'],
      })
      expect(written).toBeGreaterThan(3)
      // What was there before is there still.
      expect(await new HistoryBench(dir).targets()).toHaveLength(written)
    },
  )

  test('that one gateway has is not taken by another', async () => {
    const dir = await stateFolder()
    const first = new HistoryBench(dir)
    first.record('a')
    await first.history.flush()
    const second = new HistoryBench(dir)
    second.record('b')
    await second.history.flush()
    expect(second.history.enabled).toBe(false)
    expect(await first.targets()).toEqual(['a'])
  })
})
