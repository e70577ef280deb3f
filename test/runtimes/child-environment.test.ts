import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  childEnvironment,
  type ChildEnvironmentOptions,
} from '../../src-main/runtimes/child-environment.ts'

const inherited = {
  HOME: '/home/ada',
  PATH: '/bin',
  LANG: 'de_DE.UTF-8',
  LC_TIME: 'C',
  XDG_RUNTIME_DIR: '/run/user/1000',
  AWS_SECRET_ACCESS_KEY: 'secret',
  EDITOR: 'vi',
  MCP_GATEWAY_API_KEY: 'key',
  OPEN_MCP_TREE: 'another:tree',
  BASH_FUNC_x: '() { echo; }',
}

const build = (more: Partial<ChildEnvironmentOptions>) =>
  childEnvironment({
    inherited,
    inheritEnv: false,
    own: {},
    path: '/opt/bin:/bin',
    marker: { OPEN_MCP_TREE: 'our:mark' },
    platform: 'linux',
    ...more,
  })

const basics = {
  HOME: '/home/ada',
  PATH: '/opt/bin:/bin',
  LANG: 'de_DE.UTF-8',
  LC_TIME: 'C',
  XDG_RUNTIME_DIR: '/run/user/1000',
  OPEN_MCP_TREE: 'our:mark',
}

test('a server gets the safe basics and its own variables', () => {
  expect(build({ own: { TOKEN: 't', LANG: 'C' } })).toEqual({ ...basics, TOKEN: 't', LANG: 'C' })
})

test('inherit_env with names adds these, with true all', () => {
  expect(build({ inheritEnv: ['EDITOR', 'NOT_SET'] })).toEqual({ ...basics, EDITOR: 'vi' })
  expect(build({ inheritEnv: true })).toEqual({
    ...basics,
    EDITOR: 'vi',
    AWS_SECRET_ACCESS_KEY: 'secret',
  })
})

test('its own PATH counts, on Windows in whatever case', () => {
  expect(build({ own: { PATH: '/mine' } })['PATH']).toBe('/mine')
  const windows = build({ platform: 'win32', own: { Path: 'C:\\mine' } })
  expect(windows).toMatchObject({ Path: 'C:\\mine' })
  expect(windows).not.toHaveProperty('PATH')
})

test('the gateway’s variables never get through, and the mark always does', () => {
  const name = fc.constantFrom('MCP_GATEWAY_API_KEY', 'MCP_GATEWAY_', 'OPEN_MCP_TREE', 'HOME', 'X')
  const variables = fc.dictionary(name, fc.string())
  const inheritEnv = fc.oneof(fc.boolean(), fc.array(name))
  fc.assert(
    fc.property(variables, variables, inheritEnv, (inheritedToo, own, inherit) => {
      const env = build({ inherited: inheritedToo, own, inheritEnv: inherit })
      expect(Object.keys(env).some((key) => key.startsWith('MCP_GATEWAY_'))).toBe(false)
      expect(env['OPEN_MCP_TREE']).toBe('our:mark')
    }),
  )
})
