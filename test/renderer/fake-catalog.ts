import { isDeepStrictEqual } from 'node:util'
import type {
  CatalogCheck,
  CatalogEdit,
  ProcedureOutput,
  SnippetEntry,
} from '../../src-shared/api.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { checkCatalog } from '../../src-main/catalog/check.ts'
import { editCatalog } from '../../src-main/catalog/edit.ts'
import { entriesFromSnippet } from '../../src-main/catalog/snippet.ts'
import { sampleCatalog } from './fake-data.ts'

type ReloadResult = ProcedureOutput<'catalog.reload'>

/** The catalog's text of the fake gateway: checks, edits and what is found in a paste are the real ones. */
export class FakeCatalog {
  text = sampleCatalog
  private version = 1

  get etag(): string {
    return `"v${this.version}"`
  }

  read(path: string): CatalogCheck & { text: string; etag: string; path: string } {
    return { ...this.check(this.text), text: this.text, etag: this.etag, path }
  }

  check(text: string): CatalogCheck {
    return checkCatalog(text)
  }

  edit(text: string, edits: readonly CatalogEdit[]): CatalogCheck & { text: string } {
    const next = editCatalog(text, edits)
    return { ...this.check(next), text: next }
  }

  /** What the gateway's reload would tell. */
  save(text: string, etag: string): ReloadResult {
    if (etag !== this.etag)
      throw new GatewayError(
        'precondition_failed',
        'The catalog was changed on disk meanwhile. Load it again, then repeat the change.',
      )
    const before = new Map(this.check(this.text).entries.map((one) => [one.id, one.entry]))
    const after = this.check(text).entries
    this.text = text
    this.version += 1
    return {
      servers_loaded: after.length,
      servers_added: after.filter(({ id }) => !before.has(id)).map(({ id }) => id),
      servers_removed: [...before.keys()].filter((id) => !after.some((one) => one.id === id)),
      servers_changed: after
        .filter(({ id, entry }) => before.has(id) && !isDeepStrictEqual(before.get(id), entry))
        .map(({ id }) => id),
    }
  }

  /** Somebody else's edit. */
  changeOnDisk(text: string): void {
    this.text = text
    this.version += 1
  }

  ids(): string[] {
    return this.check(this.text).entries.map(({ id }) => id)
  }

  entry(id: string): Record<string, unknown> | undefined {
    return this.check(this.text).entries.find((one) => one.id === id)?.entry
  }

  fromSnippet(text: string): { entries: SnippetEntry[] } {
    return { entries: entriesFromSnippet(text) }
  }
}
