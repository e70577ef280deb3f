import { z } from 'zod'
import { clientId } from './api-clients.ts'
import { serverIdPattern } from './catalog.ts'
import { secretPlace } from './secret.ts'

/** What the management API says of taking over the servers that AI clients and other files have. */

const serverId = z.string().regex(serverIdPattern)
const filePath = z.string().min(1).max(4096)

/** Where servers are looked for. Nothing is read but this. */
export const importSource = z.discriminatedUnion('from', [
  /** The files of the AI clients found on this machine; default all of them. */
  z.strictObject({ from: z.literal('clients'), ids: z.array(clientId).max(200).optional() }),
  /** One file of a client: one of its `choices`, or a project's. */
  z.strictObject({ from: z.literal('client-file'), id: clientId, file: filePath }),
  /** A file of the gateway's machine, absolute: `.mcp.json`, any client's file, an `.mcpb` bundle or its manifest.json. */
  z.strictObject({ from: z.literal('file'), file: filePath }),
  /** What `catalog.from_snippet` takes. */
  z.strictObject({
    from: z.literal('text'),
    text: z
      .string()
      .min(1)
      .max(1024 * 1024),
  }),
])

/** Where a server stands now. Several, where the same one is in the files of several clients. */
const importOrigin = z.object({
  /** Null where it does not come from a client's file. */
  client: z.string().nullable(),
  /** `Cursor`, or the file's name, or `Pasted text`. */
  title: z.string(),
  file: z.string().nullable(),
  /** What it is called there. */
  name: z.string(),
  /** The client's own entry can be replaced by the gateway's. */
  can_replace: z.boolean(),
})

/** A value that looks like a secret. The value itself is in no answer. */
const foundSecret = z.object({
  place: z.enum(['variable', 'header', 'argument', 'url']),
  /** The variable's or header's name, the option before an argument, the part of the address. */
  where: z.string(),
  /** Becomes `${secret:NAME}`. */
  name: z.string(),
  /** A secret of this name and value is kept already. */
  is_kept: z.boolean(),
})

const importServer = z.object({
  /** Names it in `clients.import`; the same in every preview of the same source. */
  key: z.string(),
  /** Its id in the catalog, unless another is given. Valid, and nobody else's; empty where it cannot be imported. */
  id: z.string(),
  origins: z.array(importOrigin).min(1),
  /**
   * As it is added with `secrets: keychain`: found secrets are `${secret:NAME}`. Null where it cannot be imported.
   */
  entry: z.record(z.string(), z.unknown()).nullable(),
  secrets: z.array(foundSecret),
  /** What was altered or left out, and what the person has to do, in plain words. */
  notes: z.array(z.string()),
  /** A server of the catalog that starts or reaches the same; then nothing is added, and entries can still be replaced. */
  duplicate_of: z.string().nullable(),
  /** Why it cannot be imported, and what to do. */
  problem: z.string().nullable(),
})

export const importPreview = z.object({
  /** What was looked at, catalog included: `clients.import` is given it back, and takes nothing else. */
  before: z.string(),
  servers: z.array(importServer),
  /** Files that could not be read. */
  problems: z.array(
    z.object({ client: z.string().nullable(), file: z.string().nullable(), message: z.string() }),
  ),
})

export const importInput = z.strictObject({
  source: importSource,
  before: z.string(),
  picks: z
    .array(z.strictObject({ key: z.string().max(300), id: serverId.optional() }))
    .min(1)
    .max(1000),
  /** `keep`: they stand in the catalog as they stood in the file. */
  secrets: z.enum(['keychain', 'keep']).default('keychain'),
  /**
   * Clients whose entries of the picked servers are replaced by the gateway's, each as one step that `clients.undo`
   * takes back. A client that is not connected gets one entry for everything.
   */
  replace: z.array(clientId).max(200).default([]),
})

export const importResult = z.object({
  /** Servers that are in the catalog by now; not those that were there already. */
  added: z.array(z.object({ key: z.string(), id: z.string() })),
  secrets: z.array(z.object({ name: z.string(), store: secretPlace })),
  /** Why secrets are not in the keychain, where there is one. */
  secrets_note: z.string().nullable(),
  clients: z.array(
    z.object({
      id: z.string(),
      file: z.string(),
      /** The names of the entries that gave way; empty where `problem` says why none did. */
      replaced: z.array(z.string()),
      message: z.string(),
      /** The file from before. */
      backup: z.string().nullable(),
      problem: z.string().nullable(),
    }),
  ),
  reload: z
    .object({
      servers_loaded: z.number(),
      servers_added: z.array(z.string()),
      servers_removed: z.array(z.string()),
      servers_changed: z.array(z.string()),
    })
    .nullable(),
  /** What was done, in plain words. */
  message: z.string(),
})

export type ImportSource = z.output<typeof importSource>
export type ImportOrigin = z.output<typeof importOrigin>
export type ImportServer = z.output<typeof importServer>
export type ImportPreview = z.output<typeof importPreview>
export type ImportInput = z.output<typeof importInput>
export type ImportResult = z.output<typeof importResult>
export type FoundSecret = z.output<typeof foundSecret>
