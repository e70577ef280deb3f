import path from 'node:path'
import { z } from 'zod'
import { procedures } from '../../src-shared/api.ts'
import { importInput, importSource } from '../../src-shared/client-import.ts'
import type {
  ImportInput,
  ImportPreview,
  ImportResult,
  ImportSource,
} from '../../src-shared/client-import.ts'
import { GatewayError } from '../../src-shared/errors.ts'
import { fileCatalog } from '../ai-clients/import-catalog.ts'
import type { Connections } from '../ai-clients/connections.ts'
import { ServerImport } from '../ai-clients/server-import.ts'
import { runningGateway } from '../host/gateway-claim.ts'
import type { Settings } from '../host/settings.ts'
import { lazySecrets } from '../secrets/lazy-secrets.ts'
import { json } from './clients-text.ts'
import { UsageError } from './flags.ts'
import { callGateway } from './gateway-request.ts'
import { importPreviewText, importResultText } from './import-text.ts'
import { askYesNo } from './question.ts'

interface ImportFlags {
  file?: string | undefined
  paste?: boolean | undefined
  secrets?: string | undefined
  replace?: boolean | undefined
  yes?: boolean | undefined
  json?: boolean | undefined
}

interface Importer {
  preview(source: ImportSource): Promise<ImportPreview>
  import(input: ImportInput): Promise<ImportResult>
}

/** The keychain may ask the person first. */
const answerLimitMs = 90_000

/**
 * `gateway clients import`: every server that is found and not in the catalog yet. Through the gateway that runs, which
 * takes the new catalog at once, else on the files. Throws GatewayError, UsageError.
 */
export async function importCommand(
  words: readonly string[],
  flags: ImportFlags,
  connections: Connections,
  settings: Settings,
  key: () => string,
): Promise<number> {
  const keeping = flags.secrets ?? 'keychain'
  if (keeping !== 'keychain' && keeping !== 'keep')
    throw new UsageError(`--secrets ${keeping} is neither keychain nor keep.`)
  const source = await sourceOf(words, flags)
  const importer = importerOf(connections, settings, key)
  const preview = await importer.preview(source)
  const found = preview.servers.filter(({ problem }) => problem === null)
  const added = found.filter(({ duplicate_of }) => duplicate_of === null)
  const replaced = flags.replace === true ? replaceable(found) : []
  const isNothing = added.length === 0 && replaced.length === 0
  if (flags.json !== true) process.stdout.write(importPreviewText(preview, keeping, replaced))
  else if (isNothing || flags.yes !== true) process.stdout.write(json(preview))
  if (isNothing) return 0
  if (flags.yes !== true && !(await isAgreed(flags, added.length, replaced))) return 1
  const picks = (replaced.length > 0 ? found : added).map(({ key: one }) => ({ key: one }))
  const input = { source, before: preview.before, picks, secrets: keeping, replace: replaced }
  const done = await importer.import(importInput.parse(input))
  process.stdout.write(flags.json === true ? json(done) : importResultText(done))
  return done.clients.some(({ problem }) => problem !== null) ? 1 : 0
}

function replaceable(servers: ImportPreview['servers']): string[] {
  const origins = servers.flatMap((server) => server.origins)
  return [...new Set(origins.flatMap((one) => (one.can_replace ? (one.client ?? []) : [])))]
}

async function sourceOf(words: readonly string[], flags: ImportFlags): Promise<ImportSource> {
  const ids = words.filter((word) => word !== '-')
  const isPasted = flags.paste === true || ids.length < words.length
  if (
    [isPasted, flags.file !== undefined && ids.length !== 1, ids.length > 0].filter(Boolean)
      .length > 1
  )
    throw new UsageError(
      'Give clients, or --file, or - for pasted text; with --file at most one client.',
    )
  const { file } = flags
  const [id] = ids
  const given = isPasted
    ? { from: 'text', text: await pastedText() }
    : file !== undefined
      ? id === undefined
        ? { from: 'file', file: path.resolve(file) }
        : { from: 'client-file', id, file: path.resolve(file) }
      : { from: 'clients', ...(ids.length > 0 ? { ids } : {}) }
  const parsed = importSource.safeParse(given)
  if (parsed.success) return parsed.data
  if (isPasted) throw new UsageError('The pasted text is empty, or longer than 1 MB.')
  throw new UsageError('That is no client. See gateway clients list --all.')
}

async function pastedText(): Promise<string> {
  if (process.stdin.isTTY === true)
    process.stderr.write('Paste the text, then press Ctrl+D (on Windows: Ctrl+Z, Enter).\n')
  process.stdin.setEncoding('utf8')
  let text = ''
  for await (const part of process.stdin) text += String(part)
  return text
}

function importerOf(connections: Connections, settings: Settings, key: () => string): Importer {
  const running = runningGateway(settings.files)
  if (running !== undefined) {
    const call = async <T>(
      name: 'clients.import_preview' | 'clients.import',
      input: unknown,
      output: z.ZodType<T>,
    ): Promise<T> => output.parse(await callGateway(running, key(), name, input, answerLimitMs))
    return {
      preview: (source) =>
        call('clients.import_preview', { source }, procedures['clients.import_preview'].output),
      import: (input) => call('clients.import', input, procedures['clients.import'].output),
    }
  }
  return new ServerImport({
    connections,
    catalog: fileCatalog(settings.catalogPath),
    secrets: lazySecrets(settings.files.dir),
    ownUrls: () => [`http://${settings.config.listen_addr}`],
  })
}

/** Without a terminal nobody can answer. */
async function isAgreed(
  flags: ImportFlags,
  added: number,
  replaced: readonly string[],
): Promise<boolean> {
  if (process.stdin.isTTY !== true || flags.json === true) {
    if (flags.json === true) return false
    throw new GatewayError(
      'conflict',
      'Nothing was written: say --yes to import without a question.',
    )
  }
  const what = added === 0 ? '' : `Add ${added === 1 ? 'this server' : `these ${added} servers`}`
  const files = replaced.length === 0 ? '' : `replace their entries in ${replaced.join(', ')}`
  const question = [what, files].filter((part) => part !== '').join(' and ')
  if (await askYesNo(`${question.charAt(0).toUpperCase()}${question.slice(1)}?`)) return true
  process.stdout.write('Nothing was written.\n')
  return false
}
