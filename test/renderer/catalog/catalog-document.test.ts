import { Text } from '@codemirror/state'
import { describe, expect, it, vi } from 'vitest'
import type { GatewayApi } from '../../../src-shared/api.ts'
import type { TextChange } from '../../../src-renderer/editor/text-changes.ts'
import { CatalogDocument } from '../../../src-renderer/screens/catalog/catalog-document.ts'
import { FakeGateway } from '../fake-gateway.ts'

/** A document on a fake gateway, with an editor of its own that only holds text. */
async function opened(held?: Promise<void>) {
  const gateway = new FakeGateway()
  let reads = 0
  const carried: GatewayApi = {
    onEvent: (fn) => gateway.onEvent(fn),
    async call(name, input) {
      const answer = await gateway.call(name, input)
      // The second read has its answer already, which stays on the way.
      if (name === 'catalog.read' && ++reads === 2) await held
      return answer
    },
  }
  const document = new CatalogDocument(carried)
  const close = document.open()
  await vi.waitFor(() => expect(document.snapshot().state).toBe('ready'))
  const editor = {
    apply(changes: readonly TextChange[]): void {
      const { doc } = document.snapshot()
      let text = doc.toString()
      for (const { from, to, insert } of changes.toReversed())
        text = text.slice(0, from) + insert + text.slice(to)
      document.edited(Text.of(text.split('\n')))
    },
  }
  document.attach(editor)
  const text = (): string => document.snapshot().doc.toString()
  const type = (next: string): void => document.edited(Text.of(next.split('\n')))
  return { gateway, document, text, type, close }
}

const enable = (id: string, enabled: boolean) => [{ op: 'patch', id, patch: { enabled } }] as const

describe('the catalog while a person is at work on it', () => {
  it('makes an edit of the form anew when somebody has typed meanwhile', async () => {
    const { gateway, document, text, type, close } = await opened()
    const base = text()
    gateway.delayMs.set('catalog.edit', 300)
    const edit = document.edit([...enable('github', false)])
    await vi.waitFor(() => expect(gateway.calls.at(-1)?.name).toBe('catalog.edit'))
    type(`# typed meanwhile\n${base}`)
    await edit
    expect(text()).toMatch(/^# typed meanwhile\n/)
    expect(document.snapshot().entries.find(({ id }) => id === 'github')?.entry).toMatchObject({
      enabled: false,
    })
    close()
  })

  it('applies edits one after the other, and a refused one leaves the rest alone', async () => {
    const { document, text, close } = await opened()
    const base = text()
    const results = await Promise.allSettled([
      document.edit([...enable('github', false)]),
      document.edit([...enable('nobody', false)]),
      document.edit([...enable('postgres', false)]),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(
      document.snapshot().entries.filter(({ entry }) => entry['enabled'] === false),
    ).toHaveLength(2)
    expect(text().split('\n')).toHaveLength(base.split('\n').length + 2)
    close()
  })

  it('drops the answer of a check of a text that has changed since', async () => {
    const { gateway, document, text, type, close } = await opened()
    const base = text()
    gateway.delayMs.set('catalog.check', 300)
    type(base.replace('id: github', 'id: postgres'))
    const checked = document.settled()
    await vi.waitFor(() => expect(gateway.calls.at(-1)?.name).toBe('catalog.check'))
    type(base.replace('id: github', 'id: hub'))
    await checked
    expect(document.snapshot()).toMatchObject({ fresh: false, problems: [] })
    await vi.waitFor(() => expect(document.snapshot().fresh).toBe(true))
    expect(document.snapshot().entries.map(({ id }) => id)).toContain('hub')
    close()
  })

  it('takes nothing for somebody else’s that it has written itself', async () => {
    const { gateway, document, text, type, close } = await opened()
    type(`${text()}# mine\n`)
    gateway.delayMs.set('catalog.read', 20)
    // The reload is told, and read, before the save is answered.
    gateway.delayMs.set('catalog.save', 0)
    const saved = document.save()
    type(`${text()}# typed while it was saved\n`)
    await saved
    await document.refresh()
    expect(document.snapshot()).toMatchObject({ theirs: undefined, dirty: true, saving: false })
    expect(gateway.catalog.text).toMatch(/# mine\n$/)
    expect(text()).toMatch(/# typed while it was saved\n$/)
    close()
  })

  it('drops what was read before its save and comes after it', async () => {
    const arrival = Promise.withResolvers<void>()
    const { document, text, type, close } = await opened(arrival.promise)
    const late = document.refresh()
    type(`${text()}# mine\n`)
    await document.save()
    await document.refresh()
    arrival.resolve()
    await late
    expect(text()).toMatch(/# mine\n$/)
    expect(document.snapshot()).toMatchObject({ dirty: false, theirs: undefined })
    close()
  })

  it('drops what was read before it has read again', async () => {
    const arrival = Promise.withResolvers<void>()
    const { gateway, document, text, close } = await opened(arrival.promise)
    const late = document.refresh()
    const theirs = `${text()}# theirs\n`
    gateway.changeCatalogOnDisk(theirs)
    await vi.waitFor(() => expect(text()).toBe(theirs))
    arrival.resolve()
    await late
    expect(text()).toBe(theirs)
    close()
  })

  it('asks nobody where the other has written the very same', async () => {
    const { gateway, document, text, type, close } = await opened()
    const same = `${text()}# same\n`
    type(same)
    gateway.changeCatalogOnDisk(same)
    await vi.waitFor(() => expect(document.snapshot().dirty).toBe(false))
    expect(document.snapshot().theirs).toBeUndefined()
    close()
  })

  it('forgets theirs when the other takes it back', async () => {
    const { gateway, document, text, type, close } = await opened()
    const base = text()
    type(`${base}# mine\n`)
    gateway.changeCatalogOnDisk(`# theirs\n${base}`)
    await vi.waitFor(() => expect(document.snapshot().theirs).toBeDefined())
    expect(document.merged()).toBe(`# theirs\n${base}# mine\n`)
    gateway.changeCatalogOnDisk(base)
    await vi.waitFor(() => expect(document.snapshot().theirs).toBeUndefined())
    expect(document.snapshot().dirty).toBe(true)
    close()
  })
})
