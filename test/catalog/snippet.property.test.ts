import fc from 'fast-check'
import { expect, test } from 'vitest'
import { serverDefinition, serverIdPattern } from '../../src-shared/catalog.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { interpolate } from '../../src-main/catalog/interpolate.ts'
import { shellWords } from '../../src-main/catalog/shell-words.ts'
import { entriesFromSnippet } from '../../src-main/catalog/snippet.ts'

const word = fc.string({ unit: 'grapheme', maxLength: 20 })
/** What is neither a variable nor a placeholder of somebody's. */
const plain = fc
  .stringMatching(/^[a-z0-9./:@ -]{1,20}$/)
  .filter(
    (text) =>
      !/^(?:your|my|insert|enter|replace|put|paste|change)|here$|path.to|^\.{3}|x{3}/i.test(
        text.trim(),
      ) && text.trim() !== '',
  )

test('whatever the names: ids are valid, each once, and every entry fits the catalog', () => {
  fc.assert(
    fc.property(
      fc.dictionary(word, fc.record({ command: plain, args: fc.array(word) }), { minKeys: 1 }),
      (servers) => {
        const found = entriesFromSnippet(JSON.stringify({ mcpServers: servers }))
        const ids = found.map(({ entry }) => String(entry['id']))
        expect(found).toHaveLength(Object.keys(servers).length)
        expect(new Set(ids).size).toBe(ids.length)
        for (const id of ids) expect(id).toMatch(serverIdPattern)
        for (const { entry } of found) expect(serverDefinition.safeParse(entry).success).toBe(true)
      },
    ),
    { examples: [[JSON.parse('{ "__proto__": { "command": "a", "args": [] } }')]] },
  )
})

test('what holds no variable arrives as it was', () => {
  fc.assert(
    fc.property(
      plain,
      fc.array(plain, { minLength: 1 }),
      fc.dictionary(fc.stringMatching(/^[A-Z]{3,8}$/), plain),
      (command, args, env) => {
        const [found] = entriesFromSnippet(JSON.stringify({ a: { command, args, env } }))
        const definition = serverDefinition.parse(found?.entry)
        expect(definition.runtime).toEqual({ type: 'local-process', command, args })
        const expected = Object.entries(env).map(([name, value]) => [
          name,
          value.toUpperCase() === name ? `\${${name}}` : value,
        ])
        expect(Object.entries(definition.env)).toEqual(expected)
      },
    ),
  )
})

test('nothing that another program would not resolve becomes a variable of ours by accident', () => {
  const foreign = fc.constantFrom('${command:x}', '${config:a.b}', '${1}', '${a b}')
  fc.assert(
    fc.property(foreign, plain, (variable, text) => {
      const [found] = entriesFromSnippet(
        JSON.stringify({ a: { command: 'x', args: [`${text}${variable}`] } }),
      )
      const [arg = ''] =
        serverDefinition.parse(found?.entry).runtime.type === 'local-process'
          ? argsOf(found?.entry)
          : []
      expect(interpolate(arg, () => 'replaced')).toEqual({
        value: `${text}${variable}`,
        missing: [],
      })
    }),
  )
})

test('any text gives entries or an error that says why', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), word), (text) => {
      try {
        entriesFromSnippet(text)
      } catch (error) {
        expect(error).toBeInstanceOf(GatewayError)
        expect(error).toMatchObject({ code: 'bad_request' })
      }
    }),
    { numRuns: 1000 },
  )
})

test('words that a shell would quote come out whole', () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), (words) => {
      const line = words.map((each) => `'${each.replaceAll("'", String.raw`'\''`)}'`).join(' ')
      expect(shellWords(line)).toEqual(words)
    }),
  )
})

function argsOf(entry: Record<string, unknown> | undefined): string[] {
  const { runtime } = serverDefinition.parse(entry)
  return runtime.type === 'local-process' ? runtime.args : []
}
