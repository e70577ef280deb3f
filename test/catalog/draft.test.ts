import { describe, expect, it } from 'vitest'
import { checkCatalog } from '../../src-main/catalog/check.ts'
import { editCatalog } from '../../src-main/catalog/edit.ts'

const twoMistakes = `servers:
  # kept
  - id: a
    runtime: { type: local-process } # no command
  - id: b
    runtime: { type: local-proces, command: x }
`

describe('a text that somebody is at work on', () => {
  it('is edited although it is not valid, and mended one mistake after the other', () => {
    const once = editCatalog(twoMistakes, [
      { op: 'patch', id: 'a', patch: { runtime: { command: 'one' } } },
    ])
    expect(once).toBe(
      twoMistakes.replace('{ type: local-process }', '{ type: local-process, command: one }'),
    )
    expect(checkCatalog(once).problems).toHaveLength(1)
    const twice = editCatalog(once, [
      { op: 'patch', id: 'b', patch: { runtime: { type: 'local-process' } } },
    ])
    expect(checkCatalog(twice).problems).toEqual([])
  })

  it('may be made invalid, since a check tells', () => {
    const text = editCatalog('servers:\n  - id: a\n    runtime: { type: remote-http, url: x }\n', [
      { op: 'patch', id: 'a', patch: { runtime: { url: null } } },
    ])
    expect(checkCatalog(text).problems).toMatchObject([{ line: 3 }])
  })

  it('that is no YAML is edited by hand alone', () => {
    const broken = 'servers:\n  - id: "a\n'
    expect(checkCatalog(broken)).toMatchObject({ readable: false })
    expect(checkCatalog(twoMistakes)).toMatchObject({ readable: true, entries: [{ id: 'a' }, {}] })
    expect(() => editCatalog(broken, [{ op: 'remove', id: 'a' }])).toThrow('catalog.yaml:')
  })
})
