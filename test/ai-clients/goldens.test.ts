import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { System } from '../../src-main/ai-clients/client-definition.ts'
import { chooseFile } from '../../src-main/ai-clients/client-paths.ts'
import { clientTable } from '../../src-main/ai-clients/client-table.ts'
import { FakeHome, sampleFile } from './fake-home.ts'

const systems: readonly System[] = ['darwin', 'linux', 'win32']
const tokens = { issue: async () => ({ id: 't1', token: 'TOKEN' }), revoke: async () => {} }
const writable = clientTable.filter(({ readOnly }) => readOnly === undefined)

test('every client has an id of its own, and at least 25 can be connected', () => {
  expect(new Set(clientTable.map(({ id }) => id)).size).toBe(clientTable.length)
  expect(writable.length).toBeGreaterThanOrEqual(25)
})

/** Other systems' rules are looked at with paths of this one. */
const onPosix = process.platform !== 'win32'

describe.runIf(onPosix).each(writable)('$name', (client) => {
  test('before, after, and back, on every system', async () => {
    const golden: string[] = []
    let last: string[] = []
    for (const system of systems) {
      const user = new FakeHome(system, { tokens })
      const { connections } = user
      const { file } = chooseFile(client, user.machine)
      if (file === undefined) continue
      const before = sampleFile(client)
      user.write(file, before, 0o640)
      const text = (): string => fs.readFileSync(file, 'utf8')
      const kinds = connections.row(client.id).kinds
      const here = [before]
      for (const kind of kinds) {
        const { before: version, diff } = await connections.preview({ id: client.id, kind })
        expect(diff).not.toBe('')
        expect(text()).toBe(before)
        const { client: row } = await connections.connect({ id: client.id, kind, before: version })
        expect(row.connections).toMatchObject([{ file, kind, can_undo: true }])
        here.push(`--- ${kind}`, user.plain(text()))
        const undone = await connections.undo(client.id)
        expect(undone).toMatchObject({ exact: true, client: { connections: [] } })
        expect(text()).toBe(before)

        await connections.connect({ id: client.id, kind })
        await connections.disconnect(client.id)
        expect(text()).toBe(before)
        expect(fs.statSync(file).mode & 0o777).toBe(0o640)
      }
      expect(Object.keys(user.files())).toHaveLength(1)
      const isSame = here.join('\n') === last.join('\n')
      golden.push(`${system}: ${user.plain(file)}`, ...(isSame ? ['as above', ''] : here))
      last = here
    }
    await expect(`${golden.join('\n')}\n`).toMatchFileSnapshot(
      path.join('goldens', `${client.id}.txt`),
    )
  })

  test('a file that was changed in between keeps the change', async () => {
    const user = new FakeHome('linux', { tokens })
    const { file } = chooseFile(client, user.machine)
    if (file === undefined) return
    const before = sampleFile(client)
    user.write(file, before)
    await user.connections.connect({ id: client.id, kind: 'shim-all' })
    const changed = (text: string): string => text.replace('kept as it is', 'changed')
    fs.writeFileSync(file, changed(fs.readFileSync(file, 'utf8')))
    expect(await user.connections.undo(client.id)).toMatchObject({ exact: false })
    expect(fs.readFileSync(file, 'utf8')).toBe(changed(before))
  })

  test('a file that was not there is made, and gone afterwards with its folders', async () => {
    for (const system of systems) {
      const user = new FakeHome(system, { tokens })
      const { file } = chooseFile(client, user.machine)
      if (file === undefined) continue
      await user.connections.connect({ id: client.id, kind: 'shim-all' })
      expect(fs.statSync(file).mode & 0o777).toBe(0o600)
      await user.connections.disconnect(client.id)
      expect(user.files()).toEqual({})
      expect(user.folders()).toEqual([])
    }
  })
})
