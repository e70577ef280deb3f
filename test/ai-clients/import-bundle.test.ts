import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { System } from '../../src-main/ai-clients/client-definition.ts'
import { bundleServer } from '../../src-main/ai-clients/bundle-manifest.ts'
import { ImportBench } from './import-bench.ts'
import { zipOf } from './zip-file.ts'
import type { ZippedFile } from './zip-file.ts'

const manifest = {
  manifest_version: '0.3',
  name: 'weather',
  display_name: 'Weather',
  version: '1.2.0',
  description: 'Tells the weather',
  author: { name: 'x' },
  server: {
    type: 'node',
    entry_point: 'server/index.js',
    mcp_config: {
      command: 'node',
      args: [
        '${__dirname}/server/index.js',
        '--unit=${user_config.unit}',
        '${user_config.folders}',
      ],
      env: { API_KEY: '${user_config.api_key}', HOME_DIR: '${HOME}', CITY: '${user_config.city}' },
    },
  },
  user_config: {
    api_key: { type: 'string', title: 'API key', sensitive: true, required: true },
    unit: { type: 'string', title: 'Unit', default: 'celsius' },
    city: { type: 'string', title: 'City', required: true },
    folders: { type: 'directory', title: 'Folders', multiple: true, default: ['${HOME}/a', '/b'] },
  },
}

const script = 'console.log("it rains", process.argv[2])\n'

function files(changed: object = {}): ZippedFile[] {
  return [
    { name: 'manifest.json', content: JSON.stringify({ ...manifest, ...changed }) },
    { name: 'server/', content: '' },
    { name: 'server/index.js', content: script },
    { name: 'server/tool', content: '#!/bin/sh\necho tool\n', mode: 0o100755 },
  ]
}

function bench(zip: Buffer) {
  const made = new ImportBench()
  const file = path.join(made.user.home, 'weather.mcpb')
  fs.writeFileSync(file, zip)
  return { bench: made, source: { from: 'file', file } as const, file }
}

const bundles = ({ user }: ImportBench): string[] => {
  const folder = path.join(user.stateDir, 'bundles')
  return fs.existsSync(folder) ? fs.readdirSync(folder) : []
}

describe.runIf(process.platform !== 'win32')('a bundle', () => {
  test('is looked at without being unpacked, and unpacked when it is imported', async () => {
    const { bench: own, source } = bench(zipOf(files()))
    const [found] = await own.servers(source)
    expect(bundles(own)).toEqual([])
    const home = own.user.home
    expect(found).toMatchObject({
      id: 'weather',
      entry: {
        display_name: 'Weather',
        description: 'Tells the weather',
        runtime: {
          command: 'node',
          args: [expect.anything(), '--unit=${WEATHER_UNIT:-celsius}', `${home}/a`, '/b'],
        },
        env: { API_KEY: '${secret:WEATHER_API_KEY}', HOME_DIR: home, CITY: '${WEATHER_CITY}' },
      },
      notes: expect.arrayContaining([
        expect.stringContaining('gateway secrets set WEATHER_API_KEY'),
      ]),
    })
    await own.importAll(source)
    const [entry] = own.entries() as { runtime?: { args: string[]; working_dir: string } }[]
    const [program = ''] = entry?.runtime?.args ?? []
    expect(program.startsWith(path.join(own.user.stateDir, 'bundles', 'weather-1.2.0-'))).toBe(true)
    expect(execFileSync(process.execPath, [program, 'today']).toString()).toBe('it rains today\n')
    const tool = path.join(entry?.runtime?.working_dir ?? '', 'server', 'tool')
    expect(execFileSync(tool).toString()).toBe('tool\n')
    expect(bundles(own)).toHaveLength(1)
  })

  test('may be signed behind its end, or be a manifest in a folder', async () => {
    const signed = Buffer.concat([zipOf(files()), Buffer.from('MCPB_SIG_V1....MCPB_SIG_END')])
    const { bench: own, source } = bench(signed)
    expect(await own.servers(source)).toMatchObject([{ id: 'weather' }])
    const file = own.user.write('src/weather/manifest.json', JSON.stringify(manifest))
    const [found] = await own.servers({ from: 'file', file })
    expect(found?.entry?.['runtime']).toMatchObject({ working_dir: path.dirname(file) })
  })

  const link = { name: 'out', content: '/etc/passwd', mode: 0o120777 }
  test.each<[string, ZippedFile[], RegExp]>([
    [
      'leads out of its folder',
      [{ name: '../evil', content: 'x' }],
      /invalid relative path|leads out/,
    ],
    ['has an absolute name', [{ name: '/tmp/evil', content: 'x' }], /absolute path/],
    ['has names of Windows', [{ name: 'a\\..\\..\\evil', content: 'x' }], /invalid characters/],
    ['has a stream of Windows', [{ name: 'a:b', content: 'x' }], /absolute path|leads out/],
    ['holds a link', [link], /is a link/],
    ['has a file twice', [{ name: 'server/index.js', content: 'x' }], /EEXIST/],
    ['is damaged', [{ name: 'x', content: 'x', says: { crc: 1 } }], /damaged/],
    ['lies about sizes', [{ name: 'x', content: 'xxxx', says: { size: 1 } }], /too many bytes/],
    [
      'is far too large',
      [{ name: 'x', content: 'x', says: { size: 0xf0000000 } }],
      /2 GB|invalid|size/,
    ],
  ])('that %s leaves nothing behind', async (_, more, why) => {
    const { bench: own, source } = bench(zipOf([...files(), ...more]))
    await expect(own.importAll(source)).rejects.toThrow(why)
    expect(bundles(own)).toEqual([])
    expect(own.text()).toBe('')
    expect(fs.existsSync(path.join(own.user.home, 'evil'))).toBe(false)
  })

  test.each([
    ['no manifest', zipOf([{ name: 'x', content: 'x' }]), /no manifest.json/],
    ['a manifest that is none', zipOf([{ name: 'manifest.json', content: '{' }]), /no bundle/],
    ['a part of one', zipOf(files()).subarray(0, 200), /no bundle/],
    ['another system', zipOf(files({ compatibility: { platforms: ['plan9'] } })), /plan9 alone/],
    ['an unknown kind', zipOf(files({ server: { type: 'cobol' } })), /server\.type/],
  ])('with %s is refused', async (_, zip, why) => {
    const { bench: own, source } = bench(zip)
    await expect(own.servers(source)).rejects.toThrow(why)
  })
})

describe.runIf(process.platform !== 'win32')('how a bundle is started', () => {
  const started = (server: object, system: System = 'linux') => {
    const { command, args, env } = bundleServer({ ...manifest, user_config: {}, server }, '/b', {
      homedir: '/home/me',
      system,
    }).raw
    return { command, args, env }
  }

  test.each([
    [
      { type: 'node', entry_point: 'x.js' },
      { command: 'node', args: ['/b/x.js'] },
    ],
    [
      { type: 'python', entry_point: 'x.py' },
      { command: 'python3', args: ['/b/x.py'] },
    ],
    [
      { type: 'uv', entry_point: 'src/x.py' },
      { command: 'uv', args: ['run', '--directory', '/b', '/b/src/x.py'] },
    ],
    [
      { type: 'binary', entry_point: 'bin/x' },
      { command: '/b/bin/x', args: [] },
    ],
    [
      { type: 'binary', mcp_config: { command: 'x', args: ['-v'] } },
      { command: '/b/x', args: ['-v'] },
    ],
    [
      { type: 'node', mcp_config: { command: 'npx', args: ['-y', 'x'] } },
      { command: 'npx', args: ['-y', 'x'] },
    ],
  ])('%j', (server, wanted) => {
    expect(started(server)).toMatchObject(wanted)
  })

  test('each system may have its own way', () => {
    const server = {
      type: 'binary',
      mcp_config: {
        command: 'bin/x',
        args: ['a'],
        env: { A: '1', B: '1' },
        platform_overrides: {
          win32: { args: ['b'] },
          darwin: { command: 'mac/x', env: { B: '2' } },
        },
      },
    }
    expect(started(server, 'darwin')).toEqual({
      command: '/b/mac/x',
      args: ['a'],
      env: { A: '1', B: '2' },
    })
    expect(started(server, 'win32')).toMatchObject({ command: '/b/bin/x.exe', args: ['b'] })
    expect(started(server)).toMatchObject({ command: '/b/bin/x', args: ['a'] })
  })
})
