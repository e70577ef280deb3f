import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { extractFile, listPackage } from '@electron/asar'
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { findSevenZip } from '../../scripts/test-tools.mjs'
import { linuxDist, macDist, windowsDist } from './electron-dists.ts'

const root = path.join(import.meta.dirname, '..', '..')

/** electron-builder would download its own. */
export const sevenZip = findSevenZip()

const systems = {
  linux: { dist: linuxDist, unpacked: 'linux-unpacked', resources: 'resources' },
  win: { dist: windowsDist, unpacked: 'win-unpacked', resources: 'resources' },
  mac: {
    dist: macDist,
    unpacked: 'mac',
    resources: path.join('Open MCP Gateway.app', 'Contents', 'Resources'),
  },
} as const

/** What was decided, and why: electron-builder.yml and docs/adr. */
export const decidedFuses = {
  RunAsNode: true,
  EnableCookieEncryption: true,
  EnableNodeOptionsEnvironmentVariable: false,
  EnableNodeCliInspectArguments: false,
  EnableEmbeddedAsarIntegrityValidation: true,
  OnlyLoadAppFromAsar: true,
  LoadBrowserProcessSpecificV8Snapshot: false,
  GrantFileProtocolExtraPrivileges: false,
}

export interface PackagedApp {
  /** What a user would find installed. */
  folder: string
  resources: string
  /** Where artifacts lie. */
  output: string
}

/** Lays out .build/app and .build/programs from dist/, for all packages that follow. */
export async function stageApp(): Promise<void> {
  await run([path.join(root, 'scripts', 'stage-app.mjs')])
}

/**
 * Packages for one system with the project's own configuration, which electron-builder validates as a whole each time.
 * `target` `dir` stops at the folder that would be installed. Downloads nothing: it would fail at once.
 */
export async function packageApp(
  system: keyof typeof systems,
  folder: string,
  target = 'dir',
): Promise<PackagedApp> {
  const { dist, unpacked, resources } = systems[system]
  const electron = path.join(folder, `electron-${system}`)
  const output = path.join(folder, 'release')
  dist(electron)
  await run([
    path.join(root, 'node_modules', 'electron-builder', 'cli.js'),
    `--${system}`,
    target,
    '--x64',
    '--publish=never',
    `-c.electronDist=${electron}`,
    `-c.directories.output=${output}`,
    // The bundle is sealed anew with Apple's own tool.
    ...(process.platform === 'darwin' ? [] : ['-c.electronFuses.resetAdHocDarwinSignature=false']),
  ])
  const installed = path.join(output, unpacked)
  return { folder: installed, resources: path.join(installed, resources), output }
}

async function run(args: string[]): Promise<void> {
  const nowhere = 'http://127.0.0.1:9/'
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ELECTRON_MIRROR: nowhere,
    ELECTRON_BUILDER_BINARIES_MIRROR: nowhere,
    CSC_IDENTITY_AUTO_DISCOVERY: 'false',
    ...(sevenZip === undefined ? {} : { ELECTRON_BUILDER_7ZIP_PATH: sevenZip }),
  }
  await promisify(execFile)(process.execPath, args, { cwd: root, env, timeout: 60_000 }).catch(
    (error: unknown) => {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
      throw new Error(`${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error })
    },
  )
}

/** Files in the asar, by paths with `/` in front. */
export function filesInAsar({ resources }: PackagedApp): string[] {
  const archive = path.join(resources, 'app.asar')
  const entries = listPackage(archive, { isPack: false }).map((name) => name.replaceAll('\\', '/'))
  const folders = new Set(entries.map((name) => path.posix.dirname(name)))
  return entries.filter((name) => !folders.has(name))
}

export function readFromAsar({ resources }: PackagedApp, file: string): string {
  return extractFile(path.join(resources, 'app.asar'), file).toString('utf8')
}

export function asarSize({ resources }: PackagedApp): number {
  return fs.statSync(path.join(resources, 'app.asar')).size
}

/** The fuses as they are in the executable, by name. */
export async function readFuses(executable: string): Promise<Record<string, boolean>> {
  const wire = await getCurrentFuseWire(executable)
  const enabled = '1'.charCodeAt(0)
  return Object.fromEntries(
    Object.values(FuseV1Options)
      .filter((option) => typeof option === 'number')
      .map((option) => [FuseV1Options[option], wire[option] === enabled]),
  )
}
