import fs from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import type { ImportServer, ImportSource } from '../../src-shared/client-import.ts'
import type { System } from '../../src-main/ai-clients/client-definition.ts'
import { fileCatalog } from '../../src-main/ai-clients/import-catalog.ts'
import { ServerImport } from '../../src-main/ai-clients/server-import.ts'
import { interpolate, secretName } from '../../src-main/catalog/interpolate.ts'
import { Secrets } from '../../src-main/secrets/secrets.ts'
import { FakeHome } from './fake-home.ts'

/** A person with clients, a catalog and a place for secrets, and no gateway that runs. */
export class ImportBench {
  readonly user: FakeHome
  readonly catalog: string
  readonly secrets: Secrets
  readonly imports: ServerImport

  constructor({
    system = 'linux',
    catalog,
    env = {},
  }: { system?: System; catalog?: string; env?: Record<string, string> } = {}) {
    const entries = (): { id: string; enabled?: boolean }[] => this.entries()
    this.user = new FakeHome(
      system,
      { serverIds: () => entries().flatMap(({ id, enabled }) => (enabled === false ? [] : [id])) },
      env,
    )
    this.catalog = path.join(this.user.home, 'state', 'catalog.yaml')
    if (catalog !== undefined) this.user.write(this.catalog, catalog)
    this.secrets = new Secrets({ stateDir: this.user.stateDir, keychain: undefined })
    this.imports = new ServerImport({
      connections: this.user.connections,
      catalog: fileCatalog(this.catalog),
      secrets: this.secrets,
      ownUrls: () => ['http://127.0.0.1:4444'],
    })
  }

  text(): string {
    return fs.existsSync(this.catalog) ? fs.readFileSync(this.catalog, 'utf8') : ''
  }

  entries(): { id: string; enabled?: boolean }[] {
    return parse(this.text())?.servers ?? []
  }

  async servers(source: ImportSource = { from: 'clients' }): Promise<ImportServer[]> {
    return (await this.imports.preview(source)).servers
  }

  /** Of a client's file with this text. */
  async of(id: string, file: string, content: unknown): Promise<ImportServer[]> {
    this.user.write(file, typeof content === 'string' ? content : JSON.stringify(content))
    return this.servers({ from: 'clients', ids: [id] })
  }

  /** Everything that can be imported is, with ids as they are proposed. */
  async importAll(
    source: ImportSource = { from: 'clients' },
    more: { secrets?: 'keychain' | 'keep'; replace?: string[] } = {},
  ) {
    const { before, servers } = await this.imports.preview(source)
    const picks = servers.filter(({ problem }) => problem === null).map(({ key }) => ({ key }))
    const { secrets = 'keychain', replace = [] } = more
    return this.imports.import({ source, before, picks, secrets, replace })
  }

  /** A text of the catalog as its server gets it. */
  async resolved(text: string): Promise<string> {
    const names = [...text.matchAll(/\$\{secret:([\w.-]+)/g)].map((match) => match[1] ?? '')
    const values = new Map<string, string | undefined>()
    for (const name of names) values.set(name, await this.secrets.get(name))
    return interpolate(text, (name) => {
      const secret = secretName(name)
      return secret === undefined ? this.user.machine.env[name] : values.get(secret)
    }).value
  }
}
