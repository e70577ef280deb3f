import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { readIcns, readIco, readPng } from '../../scripts/icon-containers.mjs'
import { iconFiles, trayStates } from '../../scripts/icon-files.mjs'

const resources = path.join(import.meta.dirname, '..', '..', 'resources')
const sources = path.join(resources, 'icons')

const read = (file: string) => fs.readFileSync(path.join(resources, file))
const square = (size: number) => ({ width: size, height: size, shown: true })
const sizesOf = ({ layers }: (typeof iconFiles)[number]) => layers.map(({ size }) => size)
const ofKind = (kind: string) => iconFiles.filter((icon) => icon.kind === kind)

test.each(ofKind('png'))('$file has its size and shows something', (icon) => {
  expect(readPng(read(icon.file))).toEqual(square(sizesOf(icon)[0] ?? 0))
})

test.each(ofKind('ico'))('$file holds every size', (icon) => {
  expect(readIco(read(icon.file))).toEqual(sizesOf(icon).map(square))
})

test.each(ofKind('icns'))('$file holds every size, for both kinds of screens', (icon) => {
  const found = readIcns(read(icon.file))
  expect(found.map(({ type }) => type)).toEqual([
    'ic04',
    'ic11',
    'ic05',
    'ic12',
    'ic07',
    'ic13',
    'ic08',
    'ic14',
    'ic09',
    'ic10',
  ])
  for (const { type, expected, ...picture } of found)
    expect(picture, type).toEqual(square(expected ?? 0))
  expect(read(icon.file).readUInt32BE(4)).toBe(read(icon.file).length)
})

test('every picture is of the drawings as they are now: else `npm run icons`', () => {
  const drawings = fs.readdirSync(sources).filter((name) => name.endsWith('.svg'))
  const now = drawings.map((name) => {
    const text = fs.readFileSync(path.join(sources, name), 'utf8').replaceAll('\r\n', '\n')
    return [name, createHash('sha256').update(text).digest('hex')]
  })
  const rendered = JSON.parse(fs.readFileSync(path.join(sources, 'rendered.json'), 'utf8'))
  expect(Object.fromEntries(now)).toEqual(rendered)
})

test('nothing lies there that is not made', () => {
  const made = new Set(iconFiles.map(({ file }) => file))
  const found = ['tray', 'app'].flatMap((folder) =>
    fs.readdirSync(path.join(resources, folder)).map((name) => `${folder}/${name}`),
  )
  expect(found.filter((file) => !made.has(file))).toEqual([])
})

test.each(['Template.png', '-on-light.ico', '-on-dark-22.png'])(
  'the states in the tray differ: <state>%s',
  (suffix) => {
    const pictures = trayStates.map((state) => read(`tray/${state}${suffix}`).toString('base64'))
    expect(new Set(pictures).size).toBe(trayStates.length)
  },
)
