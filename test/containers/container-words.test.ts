import { expect, it } from 'vitest'
import { parseAddress } from '../../src-main/containers/engine-address.ts'
import { exitReason } from '../../src-main/containers/container-exit.ts'
import { hint } from '../../src-main/containers/container-launch.ts'
import { whatToDo } from '../../src-main/containers/images.ts'
import { dockerServer } from './launch-harness.ts'

it('what to do about a pull that failed follows from the registry’s words', () => {
  const advice = (words: string): string => whatToDo(words, 'some/image:1', 'docker')
  expect(advice('toomanyrequests: You have reached your pull rate limit')).toContain('docker login')
  expect(advice('no matching manifest for linux/arm64/v8 in the manifest list entries')).toContain(
    'processor',
  )
  expect(advice('manifest unknown')).toContain('the tag')
  expect(advice('unauthorized: authentication required')).toContain('sign in')
})

it('what to correct in the catalog follows from the engine’s words', () => {
  const advice = (words: string): string => hint(words, { ...dockerServer, network: 'some' })
  for (const [words, key] of [
    ['Minimum memory limit allowed is 6MB', '`memory`'],
    ['Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available', '`cpus`'],
    ['invalid mode: ro,xx', '`volumes`'],
    ['fill out specgen: invalid option type "xx"', '`volumes`'],
    ['no such image: A:1: invalid reference format: must be lowercase', 'the name in `image`'],
    ['No command specified', '`args`'],
    ['no command or entrypoint provided, and no CMD or ENTRYPOINT from image', '`args`'],
    ['network some not found', 'docker network create some'],
    ['conflicting options: the network mode', 'its entry'],
  ] as const)
    expect(advice(words)).toContain(key)
})

it('a program of another processor is named as such', () => {
  const exit = { how: 'exited', code: 126, error: '' } as const
  const about = {
    name: 'mcp-x',
    image: 'i',
    address: parseAddress('docker', 'unix:///x', ''),
    memory: undefined,
    expected: false,
    failure: undefined,
  }
  const lastLine = '[FATAL tini (7)] exec /server failed: Exec format error'
  expect(exitReason(exit, { ...about, lastLine }).message).toContain('another processor')
  expect(exitReason(exit, { ...about, lastLine: 'Error' }).message).not.toContain('processor')
})
