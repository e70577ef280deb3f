import { execFile } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { NtExecutable, NtExecutableResource, Resource } from 'resedit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { findChromium } from '../../scripts/test-tools.mjs'
import { nodeServer, Place, serverProgram } from '../integration/gateway-program.ts'
import { closeClients, connect } from '../integration/sdk-client.ts'
import {
  asarSize,
  decidedFuses,
  filesInAsar,
  packageApp,
  readFromAsar,
  readFuses,
  sevenZip,
  stageApp,
  type PackagedApp,
} from './package-app.ts'
import { RunningApp } from './running-app.ts'

/** 2 s on an idle machine. */
const packagingMs = 90_000
const programs = [
  'gateway.cjs',
  'gateway-http.cjs',
  'gateway-stdio.cjs',
  'parse-worker.cjs',
  'ui/index.html',
]
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mcp-gateway-package-'))

afterAll(() => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))

// On macOS and Windows the workflows package with the real binary; here each system has a dist of its own.
describe.skipIf(process.platform !== 'linux')('packaged', () => {
  beforeAll(stageApp, packagingMs)

  describe('for Linux', () => {
    let app: PackagedApp
    const executable = () => path.join(app.folder, 'open-mcp-gateway')
    beforeAll(async () => {
      app = await packageApp('linux', folder)
    }, packagingMs)

    test('the asar holds what was built, and nothing else', () => {
      const files = filesInAsar(app)
      expect(files).toContain('/package.json')
      expect(files).toContain('/dist/ui/index.html')
      const { main, dependencies, devDependencies, scripts } = JSON.parse(
        readFromAsar(app, 'package.json'),
      )
      expect(files).toContain(`/${main}`)
      expect([dependencies, devDependencies, scripts]).toEqual([undefined, undefined, undefined])
      expect(files.filter((file) => !/^\/(dist\/|package\.json$)/.test(file))).toEqual([])
      expect(files.filter((file) => /node_modules|\.(ts|tsx|mts|map|jsx)$/.test(file))).toEqual([])
      expect(asarSize(app)).toBeLessThan(15_000_000)
    })

    test('every file of the build that a file in the asar names is there too', () => {
      const files = filesInAsar(app)
      const named = files
        .filter((file) => /\.(cjs|js|html|css)$/.test(file))
        .flatMap((file) => readFromAsar(app, file.slice(1)).match(/[\w-]+-[\w-]{8}\.\w+/g) ?? [])
      const names = new Set(files.map((file) => path.posix.basename(file)))
      const built = fs.readdirSync('dist', { recursive: true, encoding: 'utf8' })
      const missing = built
        .map((file) => path.basename(file))
        .filter((name) => named.includes(name) && !names.has(name))
      expect(missing).toEqual([])
    })

    test('each fuse is as decided', async () => {
      expect(await readFuses(executable())).toEqual(decidedFuses)
    })

    test('programs, pictures and the feed of updates lie beside the asar', () => {
      const has = (...file: string[]) => fs.existsSync(path.join(app.resources, ...file))
      expect(programs.filter((name) => !has('programs', name))).toEqual([])
      expect(has('tray', 'running-on-dark-22.png')).toBe(true)
      expect(has('icons', '256x256.png')).toBe(true)
      const licenses = fs.readdirSync(path.join(app.resources, 'licenses'))
      expect(licenses).toEqual(expect.arrayContaining(['main.md', 'window.md', 'inter.txt']))
      expect(fs.existsSync(path.join(app.resources, 'app.asar.unpacked'))).toBe(false)
      const { repository } = JSON.parse(fs.readFileSync('package.json', 'utf8'))
      const feed = parse(fs.readFileSync(path.join(app.resources, 'app-update.yml'), 'utf8'))
      expect(feed).toMatchObject({ provider: 'github' })
      expect(repository.url).toContain(`${feed.owner}/${feed.repo}`)
    })

    // The package is for x64; the machine's own module was staged.
    test.skipIf(process.arch !== 'x64')(
      'the keychain’s module is where programs and asar both find it',
      () => {
        for (const from of [
          path.join(app.resources, 'programs', 'chunks', 'x.cjs'),
          path.join(app.resources, 'app.asar', 'dist', 'chunks', 'x.cjs'),
        ]) {
          const require = createRequire(from)
          const found = require.resolve('@napi-rs/keyring')
          expect(found.startsWith(app.resources)).toBe(true)
          expect(require('@napi-rs/keyring')).toHaveProperty('AsyncEntry')
        }
        const folders = fs.readdirSync(path.join(app.resources, 'node_modules', '@napi-rs'))
        expect(folders.toSorted()).toEqual(['keyring', 'keyring-linux-x64-gnu'])
      },
    )

    test.skipIf(findChromium() === undefined)(
      'the app starts from its asar, shows the servers of its gateway and leaves nothing behind',
      async () => {
        const place = await Place.make()
        try {
          await place.install([nodeServer('everything', [serverProgram.everything, 'stdio'])])
          const args = ['--state-dir', place.stateDir]
          const running = await RunningApp.start(executable(), args, place.env)
          try {
            await expect
              .poll(() => running.page.locator('main').innerText(), { timeout: 15_000 })
              .toContain('everything')
            expect(await running.page.title()).toContain('Open MCP Gateway')
            expect(await place.gatewayPid()).toBe(running.pid)
          } finally {
            expect(await running.quit()).toBe(0)
          }
        } finally {
          await place.end()
        }
      },
      packagingMs,
    )

    test('the shim runs by the packaged executable, starts the gateway beside it and carries a call', async () => {
      const place = await Place.make()
      try {
        await place.install([nodeServer('everything', [serverProgram.everything, 'stdio'])])
        const client = await connect('v1', {
          command: {
            command: executable(),
            args: [
              path.join(app.resources, 'programs', 'gateway-stdio.cjs'),
              '--state-dir',
              place.stateDir,
            ],
            env: { ...place.env, ELECTRON_RUN_AS_NODE: '1' },
          },
        })
        const answer = await client.callTool('everything__echo', { message: 'hello' })
        expect(answer).toMatchObject({ content: [{ type: 'text', text: 'Echo: hello' }] })
        const gateways = await place.processesOf(path.join(app.resources, 'programs'))
        expect(gateways).not.toEqual([])
        await closeClients()
      } finally {
        await place.end()
      }
    })
  })

  test.skipIf(sevenZip === undefined)(
    'for Linux as an archive',
    async () => {
      const { output } = await packageApp('linux', path.join(folder, 'archive'), 'tar.gz')
      const { version } = JSON.parse(fs.readFileSync('package.json', 'utf8'))
      const name = `open-mcp-gateway-${version}-linux-x64`
      const archive = path.join(output, `${name}.tar.gz`)
      const { stdout } = await promisify(execFile)('tar', ['-tzf', archive])
      const files = stdout.split('\n')
      expect(files).toContain(`${name}/open-mcp-gateway`)
      expect(files).toContain(`${name}/resources/app.asar`)
      expect(files).toContain(`${name}/resources/programs/gateway-stdio.cjs`)
    },
    packagingMs,
  )

  describe('for Windows', () => {
    let app: PackagedApp
    const executable = () => path.join(app.folder, 'Open MCP Gateway.exe')
    beforeAll(async () => {
      app = await packageApp('win', folder)
    }, packagingMs)

    test('each fuse is as decided, and the executable knows the hash of the asar', async () => {
      expect(await readFuses(executable())).toEqual(decidedFuses)
      const resources = resourcesOf(executable())
      expect(resources.map(({ type, id }) => [type, id])).toContainEqual([
        'INTEGRITY',
        'ELECTRONASAR',
      ])
    })

    test('the executable has our name and all sizes of our icon', () => {
      const resources = resourcesOf(executable())
      const [about] = Resource.VersionInfo.fromEntries(resources)
      expect(about?.getStringValues({ lang: 1033, codepage: 1200 })).toMatchObject({
        ProductName: 'Open MCP Gateway',
      })
      const [icons] = Resource.IconGroupEntry.fromEntries(resources)
      const sizes = icons?.icons.map(({ width }) => width || 256)
      expect(sizes?.toSorted((a, b) => a - b)).toEqual([16, 20, 24, 32, 40, 48, 64, 128, 256])
    })

    test('the programs and the pictures of the tray lie beside the asar', () => {
      const has = (...file: string[]) => fs.existsSync(path.join(app.resources, ...file))
      expect(programs.filter((name) => !has('programs', name))).toEqual([])
      expect(has('tray', 'unhealthy-on-light.ico')).toBe(true)
    })
  })

  describe('for macOS', () => {
    let app: PackagedApp
    beforeAll(async () => {
      app = await packageApp('mac', folder)
    }, packagingMs)

    test('each fuse is as decided, and the bundle knows the hash of the asar', async () => {
      const bundle = path.join(app.folder, 'Open MCP Gateway.app')
      expect(await readFuses(bundle)).toEqual(decidedFuses)
      const plist = fs.readFileSync(path.join(bundle, 'Contents', 'Info.plist'), 'utf8')
      expect(plist).toMatch(/ElectronAsarIntegrity[\s\S]*Resources\/app\.asar[\s\S]*SHA256/)
      expect(plist).toContain('io.github.open-mcp-gateway')
    })

    test('the programs and the pictures of the tray lie beside the asar', () => {
      const has = (...file: string[]) => fs.existsSync(path.join(app.resources, ...file))
      expect(programs.filter((name) => !has('programs', name))).toEqual([])
      expect(has('tray', 'stoppedTemplate@2x.png')).toBe(true)
      expect(has('icon.icns')).toBe(true)
    })
  })
})

function resourcesOf(file: string) {
  const executable = NtExecutable.from(fs.readFileSync(file))
  return NtExecutableResource.from(executable).entries
}
