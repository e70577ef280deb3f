import fs from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../src-shared/errors.ts'
import { isRecord } from '../../src-shared/json-record.ts'
import type { Container } from '../../src-main/ai-clients/client-definition.ts'
import { sameData } from '../../src-main/ai-clients/config-text.ts'
import { EntryText } from '../../src-main/ai-clients/entry-edit.ts'
import type { ConfigFormat } from '../../src-main/ai-clients/entry-edit.ts'
import { FakeHome } from './fake-home.ts'
import { damaged, jsonc, toml, yaml } from './generated-texts.ts'

const runs = Number(process.env['FUZZ_COUNT'] ?? 500)
const entry = { command: 'C:\\node "x"', args: ['--client', 'ü'], env: { A: '1' } }
const formats = [
  { format: 'jsonc', texts: jsonc, container: { path: ['mcpServers'], kind: 'map' } },
  { format: 'toml', texts: toml, container: { path: ['mcp_servers'], kind: 'map' } },
  { format: 'yaml', texts: yaml, container: { path: ['mcpServers'], kind: 'map' } },
] as const satisfies { format: ConfigFormat; texts: unknown; container: Container }[]

/** Everything of `part` is in `whole`, in order. */
function isWithin(part: string, whole: string): boolean {
  let at = 0
  for (let index = 0; index < whole.length; index++) if (whole[index] === part[at]) at++
  return at >= part.length
}

/** A container that was left empty may be written otherwise: `{ }` as `{}`. */
function withoutEmptyGaps(text: string): string {
  return text.replaceAll(/\{\s*\}/g, '{}')
}

/** Of a YAML file that held nothing, `mcpServers: {}` is left. */
function dataOf(text: string): unknown {
  const { value } = new EntryText(text, 'yaml', '/f')
  const { mcpServers: servers, ...others } = isRecord(value) ? value : {}
  return [others, isRecord(servers) && Object.keys(servers).length > 0 ? servers : null]
}

describe.each(formats)('$format', ({ format, texts, container }) => {
  const open = (text: string): EntryText => new EntryText(text, format, '/f')
  const put = (text: EntryText): EntryText =>
    text.changed(container, [{ op: 'put', name: 'gateway', entry }])

  test('putting in moves nothing else, and taking out is the way back', () => {
    let edited = 0
    fc.assert(
      fc.property(texts, ({ text, keep, isFilled }) => {
        let before: EntryText
        let after: EntryText
        try {
          before = open(text)
          after = put(before)
        } catch (thrown) {
          // An editor may refuse; it may not do harm.
          if (thrown instanceof GatewayError && thrown.code === 'conflict') return
          throw thrown
        }
        edited++
        const { gateway, ...others } = Object.fromEntries(
          after.entries(container).map(({ name, value }) => [name, value]),
        )
        expect(sameData(gateway, entry)).toBe(true)
        const old = before.entries(container).map(({ name, value }) => [name, value] as const)
        expect(sameData(others, Object.fromEntries(old))).toBe(true)
        if (isFilled) expect(isWithin(text, after.text)).toBe(true)
        const back = after.changed(container, [{ op: 'take', name: 'gateway', keep }]).text
        if (isFilled) expect(back).toBe(text)
        else if (format === 'yaml') expect(dataOf(back)).toEqual(dataOf(text))
        else expect(withoutEmptyGaps(back)).toBe(withoutEmptyGaps(text))
      }),
      { numRuns: runs },
    )
    // Refusals are for the odd ones.
    expect(edited).toBeGreaterThan(runs * 0.8)
  })

  test('what cannot be read is refused, and what is written can be read', () => {
    fc.assert(
      fc.property(damaged(texts), (text) => {
        try {
          const after = put(open(text))
          expect(
            open(after.text)
              .entries(container)
              .map(({ name }) => name),
          ).toContain('gateway')
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(GatewayError)
          expect(thrown).toMatchObject({ code: 'conflict' })
        }
      }),
      { numRuns: runs },
    )
  })
})

test('what JSON.parse reads before, it reads after', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 3 }), fc.constantFrom(0, 2, 4), (json, space) => {
      const text = JSON.stringify(JSON.parse(json), undefined, space)
      try {
        const after = new EntryText(text, 'jsonc', '/f').changed(
          { path: ['mcpServers'], kind: 'map' },
          [{ op: 'put', name: 'gateway', entry }],
        )
        expect(JSON.parse(after.text)).toMatchObject({ mcpServers: { gateway: entry } })
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'conflict' })
      }
    }),
    { numRuns: runs },
  )
})

test.each([
  ['cursor', jsonc, (text: string) => text],
  ['codex', toml, (text: string) => text],
  ['goose', yaml, (text: string) => text.replace(/^mcpServers:/m, 'extensions:')],
] as const)('connecting %s and disconnecting it is the identity', async (id, texts, adapted) => {
  const { connections } = new FakeHome()
  const { file } = connections.row(id)
  if (file === null) throw new Error(`${id} has no file.`)
  let edited = 0
  await fc.assert(
    fc.asyncProperty(texts, fc.boolean(), async (generated, isSaved) => {
      const text = adapted(generated.text)
      fs.mkdirSync(path.dirname(file), { recursive: true })
      fs.writeFileSync(file, text)
      const options = { id, kind: isSaved ? 'shim-all' : 'shim-per-server' } as const
      const refusal = await connections.connect(options).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      if (refusal === undefined) {
        edited++
        expect(fs.readFileSync(file, 'utf8')).not.toBe(text)
        await connections.disconnect(id)
      } else expect(refusal).toMatchObject({ code: 'conflict' })
      expect(fs.readFileSync(file, 'utf8')).toBe(text)
      expect(fs.readdirSync(path.dirname(file))).toEqual([path.basename(file)])
    }),
    { numRuns: Math.min(runs, 150) },
  )
  expect(edited).toBeGreaterThan(100)
})
