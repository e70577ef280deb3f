import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import type { ClientDefinition, System } from '../../src-main/ai-clients/client-definition.ts'
import { stdioEntry } from '../../src-main/ai-clients/client-entry.ts'
import type { Machine } from '../../src-main/ai-clients/client-paths.ts'
import { Connections } from '../../src-main/ai-clients/connections.ts'
import type { ConnectionsOptions } from '../../src-main/ai-clients/connections.ts'
import { EntryText } from '../../src-main/ai-clients/entry-edit.ts'

/** In memory where that can be: these tests write thousands of files, and each is synced to the disk. */
const temporary = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir()

/** A person's machine, of any system, in a folder that is gone after the test. */
export class FakeHome {
  readonly home: string
  readonly stateDir: string
  readonly machine: Machine
  readonly connections: Connections

  constructor(
    system: System = 'linux',
    more: Partial<ConnectionsOptions> = {},
    env: Record<string, string> = {},
  ) {
    const root = fs.mkdtempSync(path.join(temporary, 'gateway-clients-'))
    onTestFinished(() => fs.rmSync(root, { recursive: true, force: true, maxRetries: 3 }))
    this.home = path.join(fs.realpathSync(root), 'home')
    fs.mkdirSync(this.home)
    this.stateDir = path.join(this.home, 'state')
    const folders =
      system === 'win32'
        ? {
            APPDATA: path.join(this.home, 'AppData', 'Roaming'),
            LOCALAPPDATA: path.join(this.home, 'AppData', 'Local'),
          }
        : {}
    this.machine = { system, homedir: this.home, env: { PATH: '', ...folders, ...env } }
    this.connections = new Connections({
      machine: this.machine,
      stateDir: this.stateDir,
      launcher: () => ({ command: '/opt/node', args: ['/opt/gateway-stdio.cjs'], env: {} }),
      url: () => 'http://127.0.0.1:4444',
      serverIds: () => ['files', 'git.hub'],
      ...more,
    })
  }

  write(file: string, text: string, mode = 0o644): string {
    const full = path.resolve(this.home, file)
    fs.mkdirSync(path.dirname(full), { recursive: true })
    fs.writeFileSync(full, text, { mode })
    return full
  }

  read(file: string): string {
    return fs.readFileSync(path.resolve(this.home, file), 'utf8')
  }

  /** Every file of the home but the gateway's own, with its content. */
  files(): Record<string, string> {
    const files: Record<string, string> = {}
    for (const name of fs
      .readdirSync(this.home, { recursive: true, encoding: 'utf8' })
      .toSorted()) {
      const full = path.join(this.home, name)
      if (name.startsWith('state') || !fs.lstatSync(full).isFile()) continue
      files[name] = fs.readFileSync(full, 'utf8')
    }
    return files
  }

  /** The folders of the home, the gateway's own left out. */
  folders(): string[] {
    return fs
      .readdirSync(this.home, { recursive: true, encoding: 'utf8' })
      .filter((name) => !name.startsWith('state'))
      .filter((name) => fs.lstatSync(path.join(this.home, name)).isDirectory())
  }

  /** What depends on the folder's name, taken out of a text. */
  plain(text: string): string {
    return text.replaceAll(this.home, '~')
  }
}

const notes = {
  jsonc: '{\n  // kept as it is\n  "theme" : "dark",\n  "sizes": [1,2, 3]\n}\n',
  toml: '# kept as it is\nmodel = "o3"   # mine\n\n[profiles.work]\nname = \'x\'\n',
  yaml: '# kept as it is\nmodel: "o3"   # mine\nsizes: [1,2]\n',
}

/** A file of this client as a person has it: comments, other settings, another server. */
export function sampleFile(client: ClientDefinition): string {
  const { container, format, shape } = client
  const other = stdioEntry(shape, 'other', {
    command: 'npx',
    args: ['-y', 'some-server'],
    env: { SOME_TOKEN: 'abc' },
  })
  return new EntryText(notes[format], format, 'sample').changed(container, [
    { op: 'put', name: 'other', entry: other },
  ]).text
}
