import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import type {
  ApiEvent,
  ProcedureInput,
  ProcedureName,
  ProcedureOutput,
} from '../../src-shared/api.ts'
import { procedures } from '../../src-shared/api.ts'
import { configSchema } from '../../src-shared/config.ts'
import type { Config } from '../../src-shared/config.ts'
import { Host } from '../../src-main/host/host.ts'
import type { HostOptions } from '../../src-main/host/host.ts'
import { Secrets } from '../../src-main/secrets/secrets.ts'
import { stateFiles } from '../../src-main/state-dir.ts'

export interface TestHost {
  host: Host
  dir: string
  catalogPath: string
  configPath: string
  /** Every event that a window would see. */
  events: ApiEvent[]
  log: () => string
  /** As the desktop app calls it; the output is checked against the table. */
  call: <N extends ProcedureName>(name: N, input: ProcedureInput<N>) => Promise<ProcedureOutput<N>>
}

export interface TestHostOptions extends HostOptions {
  servers?: readonly object[]
  config?: Partial<Config>
  /** As it stands in the file. */
  configText?: string
  catalogText?: string
  /** False: nobody hears of events. */
  follow?: boolean
}

const caller = { principal: 'desktop', session: 'window' }

/** A gateway with endpoint and socket on folders of its own, in this process; ended with the test. */
export async function openHost(options: TestHostOptions = {}): Promise<TestHost> {
  const { servers = [], config = {}, configText, catalogText, follow = true, ...rest } = options
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'gateway-host-'))
  const catalogPath = path.join(dir, 'catalog.yaml')
  const configPath = path.join(dir, 'config', 'config.yaml')
  await fs.writeFile(catalogPath, catalogText ?? JSON.stringify({ servers }))
  if (configText !== undefined) {
    await fs.mkdir(path.dirname(configPath))
    await fs.writeFile(configPath, configText)
  }
  const fileConfig = configSchema.parse({
    listen_addr: '127.0.0.1:0',
    hot_reload: false,
    drain_timeout_seconds: 1,
    ...config,
  })
  let log = ''
  const host = await Host.claim(
    {
      config: fileConfig,
      fileConfig,
      configPath,
      catalogPath,
      files: stateFiles(path.join(dir, 'state')),
    },
    {
      logStream: { write: (text) => (log += text), on: () => {} },
      // Never the AI clients of whoever runs the tests.
      machine: { system: 'linux', homedir: dir, env: {} },
      // Not the keychain of whoever runs the tests.
      secrets: new Secrets({ stateDir: path.join(dir, 'state'), keychain: undefined }),
      signInTokens: new Secrets({
        stateDir: path.join(dir, 'state'),
        keychain: undefined,
        file: 'sign-in-tokens',
      }),
      ...rest,
    },
  )
  onTestFinished(async () => {
    await host.close()
    await fs.rm(dir, { recursive: true, force: true, maxRetries: 3 })
  })
  await host.start()
  // It is loaded first, so that no event is missed.
  await host.management.call('gateway.info', {}, caller)
  const events: ApiEvent[] = []
  if (follow) host.management.onEvent((event) => void events.push(event), caller)
  return {
    host,
    dir,
    catalogPath,
    configPath,
    events,
    log: () => log,
    call: async (name, input) => outputOf(name, await host.management.call(name, input, caller)),
  }
}

function outputOf<N extends ProcedureName>(name: N, output: unknown): ProcedureOutput<N> {
  const table: { [K in ProcedureName]: { output: { parse(value: unknown): ProcedureOutput<K> } } } =
    procedures
  return table[name].output.parse(output)
}
