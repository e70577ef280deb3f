import path from 'node:path'
import { systemClock } from '../../src-main/servers/clock.ts'
import { silentLog } from '../../src-main/telemetry/log.ts'
import { createLocalProcessLaunch } from '../../src-main/runtimes/local-process.ts'
import { LoginEnvironment } from '../../src-main/runtimes/login-environment.ts'
import { ProcessTrees, type ProcessTreesOptions } from '../../src-main/runtimes/process-tree.ts'
import type { LaunchDefinition, Link, LinkClosed } from '../../src-main/runtimes/runtime.ts'
import { fixtures } from '../support/processes.ts'

/** A link with all that it has told. */
export interface Observed {
  link: Link
  messages: Buffer[]
  log: string[]
  closed: LinkClosed[]
  /** What was told, in order: message, log, closed. */
  order: string[]
}

export const serverFile = path.join(fixtures, 'process-server.mjs')
export const wrapperFile = path.join(fixtures, 'process-wrapper.mjs')
export const stubbornFile = path.join(fixtures, 'process-stubborn.mjs')

export function createHarness(options: ProcessTreesOptions = {}) {
  const trees = new ProcessTrees(options)
  const environment = new LoginEnvironment({
    env: process.env,
    platform: process.platform,
    log: silentLog,
    clock: systemClock,
    readShell: () => Promise.resolve({}),
  })
  const launch = createLocalProcessLaunch({ environment, trees })
  const start = async (
    command: string,
    args: string[],
    more: Partial<LaunchDefinition> = {},
    signal = new AbortController().signal,
  ): Promise<Observed> => {
    const observed: Omit<Observed, 'link'> = { messages: [], log: [], closed: [], order: [] }
    const definition: LaunchDefinition = {
      serverId: 'test',
      runtime: { type: 'local-process', command, args },
      env: {},
      inheritEnv: false,
      baseDir: fixtures,
      ...more,
    }
    const events = {
      message(bytes: Buffer) {
        observed.messages.push(bytes)
        observed.order.push('message')
      },
      failed() {},
      closed(reason: LinkClosed) {
        observed.closed.push(reason)
        observed.order.push('closed')
      },
      log(source: string, text: string) {
        observed.log.push(`${source}: ${text}`)
        observed.order.push('log')
      },
      progress() {},
    }
    return { link: await launch(definition, events, signal), ...observed }
  }
  const startServer = (...options: string[]) => start(process.execPath, [serverFile, ...options])
  return { trees, launch, start, startServer }
}

export function send(observed: Observed, text: string | Buffer): boolean {
  return observed.link.send([Buffer.from(text)], 1)
}
