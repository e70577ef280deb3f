import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeRuntimes } from './everything-runtimes.ts'
import { Place, root } from './gateway-program.ts'
import type { RunningGateway } from './gateway-program.ts'

/** The MCP Inspector's command line, without its window. */
const inspector = path.join(root, 'node_modules', '.bin', 'mcp-inspector-cli')

describeRuntimes('the Inspector’s command line', (where) => {
  let place: Place
  let gateway: RunningGateway

  beforeAll(async () => {
    place = await Place.make()
    gateway = await place.start({
      servers: [where.entry('everything')],
      env: where.env,
    })
  })

  afterAll(() => place.end())

  async function inspect(target: readonly string[], ...question: string[]): Promise<unknown> {
    // A list of headers ends where the next option begins.
    const args = ['--cli', ...target, ...question]
    const { stdout } = await promisify(execFile)(inspector, args, {
      env: place.env,
      timeout: 20_000,
    })
    return JSON.parse(stdout)
  }

  const ways: [string, () => string[]][] = [
    [
      'over HTTP with the key in a header',
      () => [gateway.endpoint().href, '--header', `X-API-Key: ${gateway.key}`],
    ],
    [
      'through the shim',
      () => {
        const { command, args } = place.shim()
        return [command, ...args]
      },
    ],
  ]

  describe.each(ways)('the Inspector %s', (_way, target) => {
    test('lists and calls', async () => {
      const [tools, prompts, call, resource] = await Promise.all([
        inspect(target(), '--method=tools/list'),
        inspect(target(), '--method=prompts/list'),
        inspect(
          target(),
          '--method=tools/call',
          '--tool-name=everything__get-sum',
          '--tool-arg=a=2',
          '--tool-arg=b=3',
        ),
        inspect(
          target(),
          '--method=resources/read',
          '--uri=mcp://everything/demo://resource/static/document/features.md',
        ),
      ])
      expect(JSON.stringify(tools)).toContain('"everything__echo"')
      expect(JSON.stringify(prompts)).toContain('"everything__args-prompt"')
      expect(call).toEqual({ content: [{ type: 'text', text: 'The sum of 2 and 3 is 5.' }] })
      expect(resource).toMatchObject({ contents: [{ mimeType: 'text/markdown' }] })
    })
  })

  test('the Inspector without the key is told where to find it', async () => {
    const asking = inspect([gateway.endpoint().href], '--method=tools/list')
    await expect(asking).rejects.toThrow(/gateway key/)
  })
})
