import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'

const root = path.join(import.meta.dirname, '..', '..')
const targets = z.array(z.object({ target: z.string(), arch: z.array(z.string()) }))
const config = z
  .looseObject({
    artifactName: z.string(),
    win: z.object({ target: targets }),
    nsis: z.object({ perMachine: z.boolean(), allowElevation: z.boolean() }),
    mac: z.object({ target: targets, hardenedRuntime: z.boolean(), entitlements: z.string() }),
    linux: z.object({ target: targets }),
  })
  .parse(parse(fs.readFileSync(path.join(root, 'electron-builder.yml'), 'utf8')))

const made = (list: z.infer<typeof targets>) =>
  list.flatMap(({ target, arch }) => arch.map((one) => `${target} ${one}`))

test('packages for three systems are made', () => {
  expect(made(config.win.target)).toEqual(['nsis x64', 'nsis arm64'])
  expect(made(config.mac.target)).toEqual(['dmg universal', 'zip universal'])
  const formats = ['AppImage', 'deb', 'rpm', 'tar.gz']
  expect(made(config.linux.target)).toEqual(
    formats.flatMap((one) => [`${one} x64`, `${one} arm64`]),
  )
})

test('on Windows nobody asks for an administrator', () => {
  expect(config.nsis).toMatchObject({ perMachine: false, allowElevation: false })
})

test('on macOS the hardened runtime allows V8 its code, and nothing else', () => {
  expect(config.mac.hardenedRuntime).toBe(true)
  const entitlements = fs.readFileSync(path.join(root, config.mac.entitlements), 'utf8')
  const keys = [...entitlements.matchAll(/<key>(.*)<\/key>/g)].map(([, key]) => key)
  expect(keys).toEqual(['com.apple.security.cs.allow-jit'])
})

test('no kind of file is taken over, and the updater finds its package by its arch', () => {
  expect(config).not.toHaveProperty('fileAssociations')
  expect(config.artifactName).toContain('${arch}')
})
