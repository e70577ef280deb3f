import { isMap, isSeq, LineCounter, parseDocument } from 'yaml'
import type { CatalogCheck, CatalogEdit, CatalogEntry, SnippetEntry } from '../../src-shared/api.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { addServer, patchServer, removeServer } from '../../src-main/catalog/edit.ts'
import { sampleCatalog } from './fake-data.ts'

/** The catalog's text of the fake gateway: edits are the real ones, checks only look at the syntax and the ids. */
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
    const lines = new LineCounter()
    const document = parseDocument(text, { lineCounter: lines })
    const problems = document.errors.map((error) => {
      const at = lines.linePos(error.pos[0])
      return { message: error.message.split('\n')[0] ?? '', line: at.line, column: at.col }
    })
    const servers = document.get('servers')
    const entries: CatalogEntry[] = []
    for (const item of isSeq(servers) ? servers.items : []) {
      if (!isMap(item) || item.range == null) continue
      const entry: unknown = item.toJS(document)
      if (!isRecord(entry)) continue
      const from = lines.linePos(item.range[0])
      const id = entry['id']
      if (typeof id !== 'string') {
        problems.push({
          message: 'Server missing required field: id',
          line: from.line,
          column: from.col,
        })
        continue
      }
      if (entries.some((one) => one.id === id))
        problems.push({ message: `Duplicate server ID: ${id}`, line: from.line, column: from.col })
      entries.push({ id, from_line: from.line, to_line: lines.linePos(item.range[1]).line, entry })
    }
    return { problems, entries }
  }

  edit(text: string, edits: readonly CatalogEdit[]): CatalogCheck & { text: string } {
    let next = text
    for (const edit of edits) {
      if (edit.op === 'add') next = addServer(next, edit.entry)
      else if (edit.op === 'remove') next = removeServer(next, edit.id)
      else next = patchServer(next, edit.id, edit.patch)
    }
    return { ...this.check(next), text: next }
  }

  save(text: string, etag: string): void {
    if (etag !== this.etag)
      throw new GatewayError(
        'precondition_failed',
        'The catalog was changed on disk meanwhile. Load it again, then repeat the change.',
      )
    this.text = text
    this.version += 1
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
    let parsed: unknown
    try {
      parsed = JSON.parse(text)
    } catch {
      throw new GatewayError(
        'bad_request',
        'This is neither JSON nor a command. Paste the mcpServers JSON of a README.',
      )
    }
    const servers = isRecord(parsed) ? (parsed['mcpServers'] ?? parsed['servers'] ?? parsed) : {}
    const entries = Object.entries(isRecord(servers) ? servers : {}).map(([id, given]) => {
      const { command, args, url, env } = isRecord(given) ? given : {}
      const runtime =
        url === undefined
          ? { type: 'local-process', command, ...(args === undefined ? {} : { args }) }
          : { type: 'remote-http', url }
      return { entry: { id, runtime, ...(env === undefined ? {} : { env }) }, notes: [] }
    })
    return { entries }
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
