import { describe, expect, test } from 'vitest'
import {
  initialValue,
  switchedTo,
} from '../../src-renderer/screens/server/schema-form/initial-value.ts'
import { fieldOf } from '../../src-renderer/screens/server/schema-form/schema.ts'
import { validate } from '../../src-renderer/screens/server/schema-form/validate.ts'

const kindOf = (schema: unknown, root: unknown = schema) => fieldOf(schema, root).kind

describe('what a schema is drawn as', () => {
  test.each([
    [{ type: 'string' }, 'string'],
    [{ type: 'integer' }, 'integer'],
    [{ enum: ['a', 'b'] }, 'enum'],
    [{ const: 1 }, 'const'],
    [{ properties: { a: {} } }, 'object'],
    [{ type: 'array', items: { type: 'string' } }, 'array'],
    [{ type: 'array', items: [{}, {}] }, 'json'],
    [{ type: ['string', 'number'] }, 'union'],
    [{ oneOf: [{ type: 'string' }, { type: 'number' }] }, 'union'],
    [{ oneOf: [{ const: 'a', title: 'A' }, { const: 'b' }] }, 'enum'],
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, 'string'],
    [{}, 'json'],
    [true, 'json'],
    [{ not: {} }, 'json'],
  ])('%j is %s', (schema, kind) => {
    expect(kindOf(schema)).toBe(kind)
  })

  test.each([
    [{ type: ['string', 'null'] }],
    [{ anyOf: [{ type: 'string' }, { type: 'null' }] }],
    [{ type: 'string', nullable: true }],
    [{ enum: ['a', null] }],
  ])('%j may be null', (schema) => {
    expect(fieldOf(schema, schema).nullable).toBe(true)
  })

  test('references are followed, also to the whole schema and to themselves', () => {
    const root = {
      type: 'object',
      properties: { next: { $ref: '#' }, leaf: { $ref: '#/$defs/a~1b' } },
      $defs: { 'a/b': { type: 'integer' }, loop: { $ref: '#/$defs/loop' } },
    }
    expect(kindOf(root.properties.next, root)).toBe('object')
    expect(kindOf(root.properties.leaf, root)).toBe('integer')
    expect(kindOf(root.$defs.loop, root)).toBe('json')
  })

  test('allOf is joined, and what stands beside a reference wins', () => {
    const root = {
      $defs: { base: { type: 'object', description: 'Base', properties: { a: {} } } },
    }
    const schema = {
      allOf: [{ $ref: '#/$defs/base' }, { properties: { b: {} }, required: ['b'] }],
    }
    const { schema: joined } = fieldOf(schema, root)
    expect(Object.keys(joined['properties'] ?? {})).toEqual(['a', 'b'])
    expect(fieldOf({ $ref: '#/$defs/base', description: 'Own' }, root).schema['description']).toBe(
      'Own',
    )
  })
})

describe('what a form begins with', () => {
  test('defaults, constants and what is required; the rest is left out', () => {
    const schema = {
      type: 'object',
      properties: {
        sql: { type: 'string' },
        limit: { type: 'integer', default: 10 },
        kind: { const: 'x' },
        options: { type: 'object', properties: { deep: { type: 'boolean' } }, required: ['deep'] },
        tags: { type: 'array', items: {} },
        off: { type: 'boolean' },
      },
      required: ['sql', 'kind', 'options', 'tags'],
    }
    expect(initialValue(schema, schema)).toEqual({
      limit: 10,
      kind: 'x',
      options: { deep: false },
      tags: [],
    })
  })

  test('a schema that requires itself ends', () => {
    const schema = { type: 'object', properties: { next: { $ref: '#' } }, required: ['next'] }
    expect(JSON.stringify(initialValue(schema, schema)).length).toBeLessThan(200)
  })

  test('another choice keeps what both have, and its own constant', () => {
    const variant = {
      type: 'object',
      properties: { kind: { const: 'b' }, name: { type: 'string' }, size: { type: 'number' } },
      required: ['kind', 'size'],
    }
    expect(switchedTo(variant, variant, { kind: 'a', name: 'Ada', other: 1 })).toEqual({
      kind: 'b',
      name: 'Ada',
    })
  })
})

describe('what is wrong with a value', () => {
  const problems = (value: unknown, schema: unknown) =>
    validate(value, schema, schema).map(({ path, message }) => `${path}: ${message}`)

  test('each problem is named at its place', () => {
    const schema = {
      type: 'object',
      properties: {
        name: { type: 'string', minLength: 2 },
        age: { type: 'integer', minimum: 0 },
        mail: { type: 'string', format: 'email' },
        list: { type: 'array', items: { type: 'number' }, maxItems: 2 },
      },
      required: ['name'],
      additionalProperties: false,
    }
    expect(problems({ age: 1.5, mail: 'x', list: [1, '2', 3], odd: 1 }, schema)).toEqual([
      'name: Needed',
      'age: Must be a whole number',
      'mail: Must be an email address',
      'list: At most 2 items',
      'list/1: Must be a number',
      'odd: There is no property “odd”',
    ])
    expect(problems({ name: 'Ada', age: 3 }, schema)).toEqual([])
  })

  test('a choice has the problems of the variant that fits best', () => {
    const schema = {
      oneOf: [
        { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
        {
          type: 'object',
          properties: { b: { type: 'string' }, c: { type: 'string' } },
          required: ['b', 'c'],
        },
      ],
    }
    expect(problems({ b: 'x' }, schema)).toEqual(['a: Needed'])
    expect(problems({ b: 'x', c: 'y' }, schema)).toEqual([])
  })

  test('null passes where it may be', () => {
    expect(problems(null, { type: ['string', 'null'] })).toEqual([])
    expect(problems(null, { type: 'string' })).toEqual([': Must be text'])
  })

  test('a pattern of another dialect says nothing', () => {
    expect(problems('x', { type: 'string', pattern: '(?P<name>x)' })).toEqual([])
  })

  test('length counts characters, not code units', () => {
    expect(problems('👍👍', { type: 'string', maxLength: 2 })).toEqual([])
  })
})
