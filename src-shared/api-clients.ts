import { z } from 'zod'
import { serverIdPattern } from './catalog.ts'

/** What the management API says of AI clients and their files. Who of them may come is in `client-access.ts`. */

const serverId = z.string().regex(serverIdPattern)
/** ISO 8601. */
const time = z.string()

/** How a client is pointed at the gateway: one entry of the shim, one for each server, or the gateway's URL and a token. */
export const entryKind = z.enum(['shim-all', 'shim-per-server', 'http'])

/** A row of the table of AI clients, as `clients.list` names it. */
export const clientId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/)

/** What the gateway has written into a client's file. */
const clientConnection = z.object({
  /** Absolute. */
  file: z.string(),
  /** The folder of the project that the file belongs to; null for the user's own. */
  project: z.string().nullable(),
  kind: entryKind,
  /** The names of our entries. */
  entries: z.array(z.string()),
  connected_at: time,
  /** The bytes before can be brought back. */
  can_undo: z.boolean(),
})

/** Made by looking whether files are there; none is read. */
export const clientRow = z.object({
  id: z.string(),
  name: z.string(),
  /** Whether anything of it is on this machine: `found_by` says what. */
  found: z.boolean(),
  found_by: z.array(z.string()),
  /** The file that it reads; null where there is none on this system, or where a person must choose (`choices`). */
  file: z.string().nullable(),
  file_exists: z.boolean(),
  /** Files of which only a person can say which one is read. */
  choices: z.array(z.string()),
  /** Why it cannot be connected here, and what to do; null if it can. */
  problem: z.string().nullable(),
  /** The kinds of entry that it can take, best first. */
  kinds: z.array(entryKind),
  /** It takes entries from files in a project's folder, too. */
  has_project_file: z.boolean(),
  /** What has to be done before it sees a change; null if nothing. */
  restart: z.string().nullable(),
  /** More tools than these it cuts off or refuses; null where no limit is known. */
  tool_limit: z.number().nullable(),
  notes: z.array(z.string()),
  connections: z.array(clientConnection),
})

export const connectOptions = {
  id: clientId,
  kind: entryKind.default('shim-all'),
  /** The entry's name; with `shim-per-server` what stands before each server's. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/)
    .optional(),
  /** With `shim-per-server`: these; default all. */
  servers: z.array(serverId).max(1000).optional(),
  /** Absolute: the project's own file is written instead of the user's. Never with `http`. */
  project: z.string().max(4096).optional(),
  /** One of the row's `choices`. */
  file: z.string().max(4096).optional(),
  /** Names of other servers in the file that ours take the place of, in the same step: they are in the catalog. */
  replace: z.array(z.string().max(300)).max(1000).optional(),
}

export const clientPreview = z.object({
  id: z.string(),
  kind: entryKind,
  file: z.string(),
  /** False: the file is made. */
  file_exists: z.boolean(),
  /** The version that was looked at: `clients.connect` writes over no other. */
  before: z.string(),
  /** Unified, of the whole file; empty if the entry is there already. Values of other entries' secrets are masked. */
  diff: z.string(),
  entries: z.array(z.object({ name: z.string(), text: z.string() })),
  /** What speaks against it, in whole sentences. */
  warnings: z.array(z.string()),
  restart: z.string().nullable(),
  /** Other ways to the same: the client's own command line (`via: cli`), a link that the client opens. */
  alternatives: z.array(
    z.object({
      via: z.enum(['cli', 'link']),
      text: z.string(),
      note: z.string(),
      /** Better than writing the file. */
      preferred: z.boolean(),
    }),
  ),
})

/** `message`: what was done, in plain words. */
export const clientChange = z.object({ client: clientRow, message: z.string() })

/** What one client will really see. Reads its files. */
export const clientCheck = z.object({
  id: z.string(),
  files: z.array(
    z.object({
      file: z.string(),
      /** The one that the client reads; others of its own are looked at to find an entry in the wrong place. */
      is_read: z.boolean(),
      exists: z.boolean(),
      /** Our entry is as we wrote it, is another by now, is not there, or the file cannot be read. */
      entry: z.enum(['present', 'changed', 'absent', 'unreadable']),
      /** Names of the other servers in it. */
      others: z.array(z.string()),
      problem: z.string().nullable(),
    }),
  ),
  /** Tools that it gets; null where a server was never listed. */
  tools: z.number().nullable(),
  tool_limit: z.number().nullable(),
  /** About how many tokens the list of tools costs: an estimate. */
  tokens: z.number().nullable(),
  /** When it last spoke to the gateway; null if it never did, as far as is known. */
  last_seen: time.nullable(),
  /** What is wrong, in whole sentences, and what to do. */
  problems: z.array(z.string()),
})

export type EntryKind = z.output<typeof entryKind>
export type ClientConnection = z.output<typeof clientConnection>
export type ClientRow = z.output<typeof clientRow>
export type ClientPreview = z.output<typeof clientPreview>
export type ClientCheck = z.output<typeof clientCheck>
