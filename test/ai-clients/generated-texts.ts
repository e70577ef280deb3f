import fc from 'fast-check'
import { stringify } from 'yaml'

/** Keys and texts that trip naive editors: quotes, comment marks, headers, what JSON must escape. */
const text = fc.oneof(
  fc.constantFrom('a', 'b // c', '[x]', '/* y */', '"', '\\', '# z', ': ', 'ü€😀', '', "'", '- '),
  fc.string({ maxLength: 6 }),
)
const key = fc
  .oneof(fc.constantFrom('k', 'mcpServer', 'mcpServers.x', 'a b'), text)
  .filter((name) => name !== '__proto__' && name !== 'gateway' && name !== 'mcpServers')
const scalar = fc.oneof(
  text,
  fc.integer(),
  fc.constantFrom<number | boolean | null>(1.5, true, false, null),
)

type Value = string | number | boolean | null | Value[] | { [name: string]: Value }

const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value

const map = fc.dictionary(key, value, { maxKeys: 3, noNullPrototype: true })

export interface Generated {
  text: string
  /** Keys of the container's path that are there. */
  keep: 0 | 1
  /** The container holds an entry. */
  isFilled: boolean
}

/** White space and comments, in the order in which they are used up. */
const trivia = fc.array(
  fc.constantFrom(
    '',
    '',
    ' ',
    '\n',
    '\n  ',
    '\t',
    ' /* c, } */ ',
    ' // d " {\n',
    '\n\n',
    '/* e\n */',
  ),
  { minLength: 1, maxLength: 12 },
)

/** JSON with comments and trailing commas, formatted as nobody would, in maps with or without the container. */
export const jsonc: fc.Arbitrary<Generated> = fc
  .record({
    rest: map,
    servers: fc.option(map, { nil: undefined }),
    trivia,
    trailing: fc.boolean(),
    eol: fc.constantFrom('\n', '\r\n'),
    bom: fc.boolean(),
    end: fc.constantFrom('', '\n', '\n\n// end'),
  })
  .map(({ rest, servers, trivia: gaps, trailing, eol, bom, end }) => {
    let used = 0
    const gap = (): string => gaps[used++ % gaps.length] ?? ''
    const list = (open: string, close: string, items: string[]): string => {
      const body = items.map((item) => gap() + item + gap()).join(',')
      return `${open}${body}${trailing && items.length > 0 ? `,${gap()}` : gap()}${close}`
    }
    const write = (one: Value): string => {
      if (Array.isArray(one)) return list('[', ']', one.map(write))
      if (typeof one !== 'object' || one === null) return JSON.stringify(one)
      const pairs = Object.entries(one)
      return list(
        '{',
        '}',
        pairs.map(([name, inner]) => `${JSON.stringify(name)}${gap()}:${gap()}${write(inner)}`),
      )
    }
    const whole = servers === undefined ? rest : { ...rest, mcpServers: servers }
    const body = `${gap()}${write(whole)}${end}`.replaceAll('\n', eol)
    return {
      text: `${bom ? '\ufeff' : ''}${body}`,
      keep: servers === undefined ? 0 : 1,
      isFilled: Object.keys(servers ?? rest).length > 0,
    }
  })

const tomlValues = [
  '"x"',
  '"[mcp_servers.gateway]"',
  "'''\n[mcp_servers.gateway]\ncommand = 1\n'''",
  '"""\n[[x]] \\"""\n"""',
  '[ 1, 2, # [x]\n  3,\n]',
  '{ a = 1, b = "}" }',
  '1979-05-27T07:32:00Z',
  '-1.5e3',
]

/** TOML with comments, multi-line strings and lists that hold what looks like headers. */
export const toml: fc.Arbitrary<Generated> = fc
  .record({
    tables: fc.array(
      fc.record({
        header: fc.constantFrom('[t#]', '[[l]]', '[ "q.#" . x ]', '[mcp_servers.s#]', '["#"]'),
        values: fc.array(fc.constantFrom(...tomlValues), { maxLength: 3 }),
        comment: fc.constantFrom('', '# note\n', '\n', '\n\n# [c]\n', '  '),
      }),
      { maxLength: 5 },
    ),
    root: fc.array(fc.constantFrom(...tomlValues), { maxLength: 3 }),
    eol: fc.constantFrom('\n', '\r\n'),
    bom: fc.boolean(),
    hasEnd: fc.boolean(),
  })
  .map(({ tables, root, eol, bom, hasEnd }) => {
    const pairs = (values: readonly string[]): string =>
      values.map((one, at) => `k${at} = ${one} # c\n`).join('')
    const body =
      pairs(root) +
      tables
        .map(({ header, values, comment }, at) => {
          return `${comment}${header.replace('#', String(at))} # h\n${pairs(values)}`
        })
        .join('')
    const lines = (hasEnd ? body : body.replace(/\n$/, '')).replaceAll('\n', eol)
    const isFilled = tables.some(({ header }) => header.startsWith('[mcp_servers'))
    return { text: `${bom ? '\ufeff' : ''}${lines}`, keep: isFilled ? 1 : 0, isFilled }
  })

/** YAML as its own library writes it, with comments between the lines. */
export const yaml: fc.Arbitrary<Generated> = fc
  .record({
    rest: map,
    servers: fc.option(map, { nil: undefined }),
    indent: fc.constantFrom(2, 4),
    comments: fc.array(fc.constantFrom('', '', '# c: [', '#'), { minLength: 1, maxLength: 5 }),
    hasEnd: fc.boolean(),
  })
  .map(({ rest, servers, indent, comments, hasEnd }) => {
    const top = Object.entries(rest).map(([name, one]) => ({ [name]: one }))
    const parts = [...top, ...(servers === undefined ? [] : [{ mcpServers: servers }])]
    const body = parts
      .map((part, at) => {
        const comment = comments[at % comments.length] ?? ''
        return `${comment}${comment === '' ? '' : '\n'}${stringify(part, { indent })}`
      })
      .join('')
    return {
      text: hasEnd ? body : body.replace(/\n$/, ''),
      keep: servers === undefined ? 0 : 1,
      isFilled: Object.keys(servers ?? rest).length > 0,
    }
  })

/** A text with some characters lost or put in. */
export function damaged(texts: fc.Arbitrary<Generated>): fc.Arbitrary<string> {
  const cut = fc.record({
    at: fc.nat({ max: 1000 }),
    gone: fc.nat({ max: 3 }),
    more: fc.constantFrom('', '{', '}', '[', ']', '"', ',', ':', '\n', '/*', '#', '='),
  })
  return fc
    .tuple(texts, fc.array(cut, { minLength: 1, maxLength: 3 }))
    .map(([{ text: whole }, cuts]) =>
      cuts.reduce((now, { at, gone, more }) => {
        const place = now.length === 0 ? 0 : at % (now.length + 1)
        return now.slice(0, place) + more + now.slice(place + gone)
      }, whole),
    )
}
