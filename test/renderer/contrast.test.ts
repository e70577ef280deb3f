import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'

const css = readFileSync(
  path.join(import.meta.dirname, '../../src-renderer/styles/tokens.css'),
  'utf8',
)
const tokens = new Map(
  [...css.matchAll(/--([a-z-]+): light-dark\((#[\da-f]{6}), (#[\da-f]{6})\)/g)].map(
    ([, name = '', light = '', dark = '']) => [name, { light, dark }],
  ),
)

const grounds = ['bg', 'panel', 'raised', 'hover', 'selected', 'code']
const softGrounds = ['ok-soft', 'warn-soft', 'bad-soft']
/** Read as text, wherever they stand. */
const inks = ['text', 'muted', 'accent', 'ok', 'warn', 'bad']

describe.each(['light', 'dark'] as const)('in the %s theme', (theme) => {
  const colour = (name: string) => {
    const found = tokens.get(name)
    if (found === undefined) throw new Error(`There is no token --${name}.`)
    return found[theme]
  }

  test.each(inks.flatMap((ink) => [...grounds, ...softGrounds].map((ground) => [ink, ground])))(
    '%s can be read on %s',
    (ink, ground) => {
      expect(contrast(colour(ink), colour(ground))).toBeGreaterThanOrEqual(4.5)
    },
  )

  test.each(['accent', 'accent-hover'])('words can be read on %s', (ground) => {
    expect(contrast(colour('on-accent'), colour(ground))).toBeGreaterThanOrEqual(4.5)
  })

  test.each(
    ['ok', 'warn', 'bad', 'idle', 'accent'].flatMap((mark) =>
      grounds.map((ground) => [mark, ground]),
    ),
  )('the mark %s is seen on %s', (mark, ground) => {
    expect(contrast(colour(mark), colour(ground))).toBeGreaterThanOrEqual(3)
  })

  test('edges of controls are seen on the panels they stand on', () => {
    for (const ground of ['panel', 'raised'])
      expect(contrast(colour('control'), colour(ground))).toBeGreaterThanOrEqual(3)
  })
})

test('no colour stands outside of the tokens', () => {
  const found = readFileSync(
    path.join(import.meta.dirname, '../../src-renderer/styles/app.css'),
    'utf8',
  ).match(/#[\da-f]{3,8}\b|rgb\(|hsl\(/gi)
  expect(found).toBeNull()
})

/** WCAG 2.2, relative luminance and contrast ratio. */
function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05)
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = parseInt(colour.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
