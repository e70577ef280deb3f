import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { defaultConfig, loadConfig, userConfigDir } from '../../src-main/catalog/config-file.ts'
import { CatalogError, formatProblem } from '../../src-main/catalog/problem.ts'
import { configSchema } from '../../src-shared/config.ts'
import { temporaryFolder } from './temporary-folder.ts'

interface Place {
  home: string
  cwd: string
  write: (path: string, text: string) => string
}

function place(): Place {
  const root = temporaryFolder()
  return {
    home: join(root, 'home'),
    cwd: join(root, 'cwd'),
    write(path, text) {
      const full = join(root, path)
      mkdirSync(join(full, '..'), { recursive: true })
      writeFileSync(full, text)
      return full
    },
  }
}

const search = (home: string, env: Record<string, string> = {}) => ({
  env,
  platform: 'linux' as const,
  homedir: home,
})

async function problemsOf(text: string, env: Record<string, string> = {}): Promise<string[]> {
  const { home, write } = place()
  const explicitPath = write('config.yaml', text)
  try {
    await loadConfig({ ...search(home, env), explicitPath })
  } catch (thrown) {
    if (!(thrown instanceof CatalogError)) throw thrown
    return thrown.problems.map((problem) => formatProblem({ ...problem, file: 'f' }))
  }
  return []
}

describe('where the config comes from', () => {
  it('is nowhere: the defaults, which are the schema’s', async () => {
    const { home, cwd } = place()
    expect(await loadConfig({ ...search(home), cwd })).toEqual({
      config: defaultConfig,
      catalogPath: join(home, '.config/mcp-gateway/catalog.yaml'),
    })
    expect(defaultConfig).toEqual(configSchema.parse({}))
  })

  it('is --config, then the current folder, then the user’s', async () => {
    const { home, cwd, write } = place()
    const user = write('home/.config/mcp-gateway/config.yaml', 'log_level: warn')
    expect((await loadConfig({ ...search(home), cwd })).path).toBe(user)
    const local = write('cwd/config.yaml', 'log_level: debug')
    expect(await loadConfig({ ...search(home), cwd })).toMatchObject({
      path: local,
      config: { log_level: 'debug' },
      catalogPath: join(cwd, 'catalog.yaml'),
    })
    const explicitPath = write('other.yaml', '')
    expect((await loadConfig({ ...search(home), cwd, explicitPath })).path).toBe(explicitPath)
  })

  it('is never the current folder unless that is said', async () => {
    const { home, write } = place()
    const user = write('home/.config/mcp-gateway/config.yaml', '')
    expect((await loadConfig(search(home))).path).toBe(user)
  })

  it('is in the folder that each system has for it', () => {
    const of = (platform: NodeJS.Platform, homedir: string, env = {}): string =>
      userConfigDir({ platform, homedir, env })
    expect(of('linux', '/h')).toBe('/h/.config/mcp-gateway')
    expect(of('linux', '/h', { XDG_CONFIG_HOME: '/x' })).toBe('/x/mcp-gateway')
    expect(of('linux', '/h', { XDG_CONFIG_HOME: 'x' })).toBe('/h/.config/mcp-gateway')
    expect(of('darwin', '/h')).toBe('/h/Library/Application Support/mcp-gateway')
    expect(of('win32', 'C:\\h', { APPDATA: 'C:\\a' })).toBe('C:\\a\\mcp-gateway')
    expect(of('win32', 'C:\\h')).toBe('C:\\h\\AppData\\Roaming\\mcp-gateway')
  })

  it('must be there if it was asked for', async () => {
    const { home } = place()
    await expect(
      loadConfig({ ...search(home), explicitPath: join(home, 'none.yaml') }),
    ).rejects.toMatchObject({
      code: 'bad_request',
      message: `The config file ${join(home, 'none.yaml')} cannot be read: it does not exist.`,
    })
  })

  it('loads neither the YAML parser nor the schema where there is none', () => {
    const module = join(import.meta.dirname, '../../src-main/catalog/config-file.ts')
    const script = `
      import { registerHooks } from 'node:module'
      const seen = []
      registerHooks({ load(url, context, next) { seen.push(url); return next(url, context) } })
      const { loadConfig } = await import(${JSON.stringify(module)})
      await loadConfig({ env: {}, platform: 'linux', homedir: '/nowhere' })
      console.log(JSON.stringify(seen.filter((url) => /node_modules|src-shared.config/.test(url))))
    `
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      env: {},
    })
    expect(run.stderr).toBe('')
    expect(JSON.parse(run.stdout)).toEqual([])
  })
})

describe('what stands in a config', () => {
  it('has its variables resolved and its paths made absolute', async () => {
    const { home, write } = place()
    const explicitPath = write(
      'etc/config.yaml',
      `listen_addr: "\${HOST:-127.0.0.1}:\${PORT}"
catalog_path: ../\${NAME}.yaml
state_dir: ~/state
api_key: \${KEY}
idle_timeout_seconds: \${IDLE}
hot_reload: \${RELOAD}
tls: { cert: c.pem, key: /k.pem }
allowed_hosts: ["\${NAME}.example"]
`,
    )
    const env = { PORT: '0', NAME: 'cat', KEY: '12345', IDLE: '7', RELOAD: 'false' }
    const folder = join(explicitPath, '..')
    expect(await loadConfig({ ...search(home, env), explicitPath })).toEqual({
      path: explicitPath,
      catalogPath: join(folder, '../cat.yaml'),
      config: {
        ...defaultConfig,
        listen_addr: '127.0.0.1:0',
        catalog_path: join(folder, '../cat.yaml'),
        state_dir: join(home, 'state'),
        api_key: '12345',
        idle_timeout_seconds: 7,
        hot_reload: false,
        tls: { cert: join(folder, 'c.pem'), key: '/k.pem' },
        allowed_hosts: ['cat.example'],
      },
    })
  })

  it.each([
    [
      'lisen_addr: x',
      ["f:1:1: Unknown key 'lisen_addr' in the config. Did you mean 'listen_addr'?"],
    ],
    [
      'servers: []',
      ["f:1:1: Unknown key 'servers' in the config. Servers belong in catalog.yaml."],
    ],
    [
      '\nlisten_addr: "4444"',
      [
        "f:2:14: 'listen_addr' must be host:port, for example 127.0.0.1:4444 or [::1]:4444, not '4444'.",
      ],
    ],
    ['log_level: loud', ["f:1:12: 'log_level' must be one of trace, debug, info, warn, error."]],
    ['tls: { cert: x }', ['f:1:6: Missing required field: tls.key']],
    ['tls: { cert: x, key: y, ca: z }', ["f:1:25: Unknown key 'ca' in tls. Known: cert, key."]],
    [
      'idle_timeout_seconds: soon',
      ["f:1:23: 'idle_timeout_seconds' must be a number, not 'soon'."],
    ],
    [
      'api_key: ${NO}',
      [
        "f:1:10: ${NO} in 'api_key' cannot be resolved: it is not set. Set it, or give a default: ${NO:-value}.",
      ],
    ],
    [
      'api_key: ${secret:K}',
      [
        "f:1:10: ${secret:K} in 'api_key' cannot be resolved: secrets are for the catalog alone. Use an environment variable.",
      ],
    ],
    ['- a', ['f:1:1: The config must be a map of keys and values, not a list.']],
    ['hot_reload: true\nhot_reload: true', ["f:2:1: Duplicate key 'hot_reload'."]],
    ['api_key:\ntls:', []],
    ['api_key: 12345', []],
  ])('%j', async (text, expected) => expect(await problemsOf(text)).toEqual(expected))
})
