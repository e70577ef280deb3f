import fc from 'fast-check'
import { expect, it } from 'vitest'
import { addServer, patchServer, removeServer } from '../../src-main/catalog/edit.ts'
import { parseCatalog } from '../../src-main/catalog/parse.ts'
import { GatewayError } from '../../src-shared/errors.ts'

/** A catalog text in somebody's own style, with the lines of each server known. */
interface Written {
  before: string[]
  servers: { id: string; lines: string[]; gap: string[] }[]
  eol: string
  bom: boolean
  finalNewline: boolean
}

const ids = ['a', 'b-1', 'C_2', 'd.d', 'e', 'f']
const texts = fc.oneof(
  fc.constantFrom(
    'x',
    'two words',
    '${VAR}',
    "it's",
    '"q"',
    ': #',
    '- a',
    'yes',
    '1',
    '',
    'ü€',
    'a: b',
  ),
  fc.string({ maxLength: 12 }).filter((text) => text.isWellFormed()),
)
const quote = (text: string, style: number): string => {
  if (style === 0 && /^[a-z]+$/.test(text) && text !== 'yes') return text
  if (style === 1 && /^[\x20-\x7e]*$/.test(text)) return `'${text.replaceAll("'", "''")}'`
  return JSON.stringify(text).replaceAll('\x7f', '\\x7f')
}
const comments = fc.constantFrom([], [], ['# note'], ['', '# - id: old', '#   runtime: x'], [''])

const serverLines = fc
  .record({
    description: fc.option(texts),
    args: fc.array(texts, { maxLength: 3 }),
    env: fc.option(fc.dictionary(fc.constantFrom('A', 'B', 'PATH_X'), texts)),
    styles: fc.array(fc.nat({ max: 2 }), { minLength: 10, maxLength: 10 }),
    remarks: fc.array(fc.constantFrom('', '', '   # why', ' # é'), {
      minLength: 10,
      maxLength: 10,
    }),
    inner: fc.array(comments, { minLength: 4, maxLength: 4 }),
    literal: fc.constantFrom(undefined, '|', '|-', '>', '|+'),
  })
  .map(
    ({ description, args, env, styles, remarks, inner, literal }) =>
      (id: string, wide: number) => {
        const pad = ' '.repeat(wide)
        const s = (text: string, n: number): string => quote(text, styles[n] ?? 2)
        const r = (n: number): string => remarks[n] ?? ''
        const lines = [`id: ${quote(id, styles[0] ?? 2)}${r(0)}`]
        if (description !== null) lines.push(`description:  ${s(description, 1)}${r(1)}`)
        lines.push(...(inner[0] ?? []))
        if (literal !== undefined)
          lines.push(
            `display_name: ${literal}`,
            `${pad}first`,
            '',
            `${pad}last`,
            ...(literal === '|+' ? [''] : []),
          )
        const list = `[${args.map((arg, n) => quote(arg, n === 0 ? 1 : 2)).join(',  ')}]`
        if (styles[2] === 0) {
          lines.push(`runtime: { type: local-process,  command: "x", args: ${list} }${r(2)}`)
        } else {
          lines.push(
            `runtime:${r(2)}`,
            `${pad}type: local-process`,
            ...(inner[1] ?? []).map((l) => pad + l),
          )
          lines.push(`${pad}command: ${s('cmd', 3)}${r(3)}`)
          if (styles[4] === 0 && args.length > 0) {
            lines.push(`${pad}args:`, ...args.map((arg) => `${pad}${pad}- ${s(arg, 5)}${r(4)}`))
          } else lines.push(`${pad}args: ${list}`)
        }
        lines.push(...(inner[2] ?? []))
        if (env !== null) {
          const entries = Object.entries(env)
          if (styles[6] === 0)
            lines.push(`env: {${entries.map(([k, v]) => `${k}: ${s(v, 2)}`).join(', ')}}`)
          else
            lines.push(`env:${r(5)}`, ...entries.map(([k, v]) => `${pad}${k}: ${s(v, 7)}${r(6)}`))
        }
        return lines
      },
  )

const catalogs: fc.Arbitrary<Written> = fc
  .record({
    before: fc.constantFrom([], ['# top', ''], ['---'], ['%YAML 1.2', '---', '# x']),
    remark: fc.constantFrom('', ' # all', '  '),
    column: fc.constantFrom(0, 2, 4),
    dash: fc.constantFrom(2, 2, 4),
    wide: fc.constantFrom(2, 4),
    makers: fc.array(fc.tuple(serverLines, comments), { minLength: 1, maxLength: 4 }),
    spaced: fc.boolean(),
    eol: fc.constantFrom('\n', '\r\n'),
    bom: fc.boolean(),
    finalNewline: fc.boolean(),
  })
  .map(({ before, remark, column, dash, wide, makers, spaced, eol, bom, finalNewline }) => {
    const pad = ' '.repeat(column)
    const servers = makers.map(([make, gap], n) => {
      const id = ids[n] ?? 'z'
      const lines = make(id, wide).map((line, index) => {
        if (line === '') return ''
        return index === 0
          ? `${pad}-${' '.repeat(dash - 1)}${line}`
          : `${pad}${' '.repeat(dash)}${line}`
      })
      const own = gap.map((line) => (line === '' ? '' : pad + line))
      // Blank lines behind it are nobody's.
      while (lines.at(-1) === '') own.unshift(lines.pop() ?? '')
      return { id, lines, gap: [...own, ...(spaced ? [''] : [])] }
    })
    return { before: [...before, `servers:${remark}`], servers, eol, bom, finalNewline }
  })

function textOf(written: Written): string {
  const lines = [
    ...written.before,
    ...written.servers.flatMap(({ lines, gap }) => [...lines, ...gap]),
  ]
  const text = lines.join(written.eol) + (written.finalNewline ? written.eol : '')
  return (written.bom ? '\ufeff' : '') + text
}

/** Lines without ends, with how the text ends told apart. */
function linesOf(text: string): string[] {
  return text.replace(/\r?\n$/, '').split(/\r?\n/)
}

/** Fails unless `after` is `before` with nothing changed outside of the lines [from, to). */
function expectOnlyChanged(before: string, after: string, from: number, to: number): void {
  const old = linesOf(before)
  const now = linesOf(after)
  expect(now.slice(0, from)).toEqual(old.slice(0, from))
  const tail = old.length - to
  if (tail > 0) expect(now.slice(-tail)).toEqual(old.slice(-tail))
}

function expectSameManner(written: Written, after: string): void {
  expect(after.startsWith('\ufeff')).toBe(written.bom)
  const bare = after.replaceAll(written.eol, '')
  expect(bare).not.toMatch(/[\r\n]/)
  if (written.finalNewline) expect(after.endsWith(written.eol)).toBe(true)
}

function rangeOf(written: Written, index: number): [number, number] {
  let at = written.before.length
  for (const server of written.servers.slice(0, index))
    at += server.lines.length + server.gap.length
  return [at, at + (written.servers[index]?.lines.length ?? 0)]
}

const newEntry = fc.record({
  id: fc.constant('new'),
  runtime: fc.record({
    type: fc.constant('local-process'),
    command: texts.filter((text) => text !== ''),
    args: fc.array(texts, { maxLength: 4 }),
  }),
  env: fc.dictionary(fc.constantFrom('A', 'B2', '_C'), texts),
  description: texts,
})

const patches = fc.record(
  {
    description: fc.option(texts),
    runtime: fc.record(
      { command: texts.filter((t) => t !== ''), args: fc.option(fc.array(texts)) },
      { requiredKeys: [] },
    ),
    env: fc.option(fc.dictionary(fc.constantFrom('A', 'B', 'NEW'), fc.option(texts))),
    tags: fc.option(
      fc.array(
        texts.filter((t) => t !== ''),
        { maxLength: 3 },
      ),
    ),
    always_on: fc.boolean(),
    display_name: fc.option(texts.filter((t) => t !== '')),
    idle_timeout_seconds: fc.option(fc.nat()),
  },
  { requiredKeys: [] },
)

const runs = { numRuns: 150 }

it('adding and removing again is the identity, and adding moves no line', () => {
  fc.assert(
    fc.property(catalogs, newEntry, (written, entry) => {
      const text = textOf(written)
      const added = addServer(text, entry)
      expectSameManner(written, added)
      const last = written.servers.length - 1
      expectOnlyChanged(text, added, rangeOf(written, last)[1], rangeOf(written, last)[1])
      expect(added.endsWith(written.eol)).toBe(text.endsWith(written.eol))
      expect(parseCatalog(added, '').servers.at(-1)).toMatchObject(entry)
      expect(removeServer(added, 'new')).toBe(text)
    }),
    runs,
  )
})

it('removing changes no line of other servers and no comment between them', () => {
  fc.assert(
    fc.property(catalogs, fc.nat(), (written, pick) => {
      const text = textOf(written)
      const index = pick % written.servers.length
      const [from, to] = rangeOf(written, index)
      const after = removeServer(text, written.servers[index]?.id ?? '')
      const isOnly = written.servers.length === 1
      const old = linesOf(text)
      const head = old.slice(0, from)
      if (isOnly) head.splice(-1, 1, (head.at(-1) ?? '').replace('servers:', 'servers: []'))
      // The blank line above may go with it.
      const without = [...head, ...old.slice(to)]
      const unspaced = [...head.slice(0, -1), ...old.slice(to)]
      const now = linesOf(after)
      // A blank last line without a line break is no line that could be seen.
      const trim = (lines: string[]): string[] =>
        written.finalNewline ? lines : lines.slice(0, lines.findLastIndex(Boolean) + 1)
      const isUnspaced = head.at(-1) === '' && now.length === unspaced.length
      expect(trim(now)).toEqual(trim(isUnspaced ? unspaced : without))
    }),
    runs,
  )
})

it('a patch means what RFC 7396 says and changes only lines of its server', () => {
  fc.assert(
    fc.property(catalogs, fc.nat(), patches, (written, pick, patch) => {
      const text = textOf(written)
      const index = pick % written.servers.length
      const after = patchServer(text, written.servers[index]?.id ?? '', patch)
      expectSameManner(written, after)
      expectOnlyChanged(text, after, ...rangeOf(written, index))
      const server = parseCatalog(after, '').servers[index]
      if (typeof patch.description === 'string') expect(server?.description).toBe(patch.description)
      if (patch.env === null) expect(server?.env).toEqual({})
      if (patch.runtime?.command !== undefined) {
        expect(server?.runtime).toMatchObject({ command: patch.runtime.command })
      }
      expect(patchServer(after, written.servers[index]?.id ?? '', patch)).toBe(after)
    }),
    runs,
  )
})

it('any sequence of edits leaves the other servers as they were written', () => {
  const edit = fc.oneof(
    fc.record({ do: fc.constant('add' as const), entry: newEntry }),
    fc.record({ do: fc.constant('remove' as const) }),
    fc.record({ do: fc.constant('patch' as const), patch: patches }),
  )
  fc.assert(
    fc.property(catalogs, fc.array(edit, { maxLength: 6 }), (written, edits) => {
      const witness = written.servers[0]
      let text = textOf(written)
      const busy = new Set(written.servers.slice(1).map(({ id }) => id))
      for (const step of edits) {
        const [id] = busy
        if (step.do === 'add' && !busy.has('new')) {
          text = addServer(text, step.entry)
          busy.add('new')
        } else if (step.do === 'remove' && id !== undefined) {
          text = removeServer(text, id)
          busy.delete(id)
        } else if (step.do === 'patch' && id !== undefined) {
          text = patchServer(text, id, step.patch)
        }
      }
      const lines = [...written.before, ...(witness?.lines ?? [])]
      expect(linesOf(text.replace('\ufeff', '')).slice(0, lines.length)).toEqual(lines)
      // A comment is never lost, wherever it stood between servers.
      for (const server of written.servers) {
        for (const line of server.gap.filter(Boolean)) expect(linesOf(text)).toContain(line)
      }
    }),
    runs,
  )
})

it('an edit of any text ends in a valid catalog or in an error for people', () => {
  const part = fc.oneof(
    fc.constantFrom(
      'servers:',
      'id: a',
      '\n',
      '\n  ',
      '\n    ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      ': ',
      ', ',
    ),
    fc.constantFrom('&x ', '*x', '<<: *x', '|\n', '"', '# c', '!t ', '? ', '...', '---\n'),
    fc.constant('runtime: {type: local-process, command: c}'),
  )
  const start = fc.constantFrom(
    '',
    'servers:\n  - id: a\n    ',
    'servers:\n- &x {id: a, ',
    '{"servers": [{"id": "a", ',
  )
  fc.assert(
    fc.property(
      start,
      fc.array(part, { maxLength: 12 }),
      newEntry,
      patches,
      (head, tail, entry, patch) => {
        const text = head + tail.join('')
        const edits = [
          () => addServer(text, entry),
          () => patchServer(text, 'a', patch),
          () => removeServer(text, 'a'),
        ]
        for (const edit of edits) {
          try {
            parseCatalog(edit(), '')
          } catch (thrown) {
            if (!(thrown instanceof GatewayError)) throw thrown
          }
        }
      },
    ),
    { numRuns: 600 },
  )
})
