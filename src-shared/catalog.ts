import { z } from 'zod'
import { dockerRuntime } from './docker-runtime.ts'

/** Titles and descriptions are what people read: in the form, in completion, in the JSON Schema. */

/** `id` of a server: it is part of URLs, file names and log lines. */
export const serverIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

const seconds = z.number().int().min(0)
const text = z.string().min(1)
const envMap = z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string())
const headers = z.record(text, z.string()).default({}).meta({
  title: 'Headers',
  description:
    'HTTP headers sent with every request. Keep secrets out of the catalog: `Bearer ${secret:TOKEN}`.',
})
const url = text.meta({ title: 'URL', description: 'Where the server answers.' })

/** A client that a person has registered with the server's issuer, where clients cannot register themselves. */
export const oauthClient = z.strictObject({
  client_id: text
    .optional()
    .meta({ title: 'Client ID', description: 'Of the OAuth app that you have registered there.' }),
  client_secret: text.optional().meta({
    title: 'Client secret',
    description: 'Of the same app, if it has one: `${secret:NAME}`.',
  }),
  scopes: z.array(text).optional().meta({
    title: 'Scopes',
    description: 'What to ask for. Default: what the server says that it needs.',
  }),
  redirect_port: z.number().int().min(1).max(65_535).optional().meta({
    title: 'Redirect port',
    description:
      'Where the app is registered with one: `http://127.0.0.1:PORT/callback`. Default: a free port.',
  }),
})

const oauth = oauthClient
  .refine(({ client_id, client_secret }) => client_secret === undefined || client_id, {
    message: 'it goes with a client_id',
    path: ['client_secret'],
  })
  .optional()
  .meta({
    title: 'Sign-in',
    description: 'For a server behind OAuth that wants a client registered beforehand.',
  })

const localProcessRuntime = z
  .strictObject({
    type: z.literal('local-process'),
    command: text.meta({
      title: 'Command',
      description: 'The program, found with the login shell’s PATH, or its absolute path.',
    }),
    args: z
      .array(z.string())
      .default([])
      .meta({ title: 'Arguments', description: 'One a line, as the program gets them. No shell.' }),
    working_dir: text.optional().meta({
      title: 'Working folder',
      description: 'Where the program starts. Default: the folder of the catalog.',
    }),
  })
  .meta({
    title: 'Local process',
    description: 'A program on this machine that speaks MCP over stdio.',
  })

const remoteHttpRuntime = z
  .strictObject({ type: z.literal('remote-http'), url, headers, oauth })
  .meta({ title: 'Remote, HTTP', description: 'A server elsewhere that speaks Streamable HTTP.' })

const remoteSseRuntime = z
  .strictObject({ type: z.literal('remote-sse'), url, headers, oauth })
  .meta({
    title: 'Remote, HTTP or SSE',
    description: 'An older server: Streamable HTTP is tried first, then HTTP with SSE.',
  })

export const runtimeSchemas = {
  'local-process': localProcessRuntime,
  'remote-http': remoteHttpRuntime,
  'remote-sse': remoteSseRuntime,
  docker: dockerRuntime,
}

const runtime = z
  .discriminatedUnion('type', [
    localProcessRuntime,
    remoteHttpRuntime,
    remoteSseRuntime,
    dockerRuntime,
  ])
  .meta({ title: 'Runtime', description: 'How the server comes to life.' })

/** Globs (`*` and `?`) on the server's own tool names; deny wins. */
export const toolFilter = z.strictObject({
  allow: z.array(text).default(['*']).meta({
    title: 'Allow',
    description: 'Names or globs (`read_*`) of the tools that clients see. Default: all.',
  }),
  deny: z.array(text).default([]).meta({
    title: 'Deny',
    description: 'Names or globs of the tools that clients never see. Wins over allow.',
  }),
})

const isolation = z.enum(['auto', 'shared', 'session'])

export const serverDefinition = z.strictObject({
  id: z.string().regex(serverIdPattern).meta({
    title: 'ID',
    description:
      'Names the server in addresses, tools and logs. Letters, digits, `.`, `_` and `-`, at most 64.',
  }),
  display_name: text
    .optional()
    .meta({ title: 'Display name', description: 'What people read. Default: the ID.' }),
  description: z
    .string()
    .optional()
    .meta({ title: 'Description', description: 'What it is for, in a few words.' }),
  enabled: z.boolean().default(true).meta({
    title: 'Enabled',
    description: 'Off: it stays in the list, but is never started.',
  }),
  tags: z.array(text).default([]).meta({ title: 'Tags', description: 'Words to filter lists by.' }),
  runtime,
  env: envMap.default({}).meta({
    title: 'Variables',
    description:
      'Environment variables for the program. Keep secrets out of the catalog: `${secret:NAME}`.',
  }),
  env_file: text.optional().meta({
    title: 'Variables file',
    description:
      'A file of `NAME=value` lines, relative to the catalog. Variables above win. For a container it is read as `docker run --env-file` does: quotes and `#` belong to the value.',
  }),
  idle_timeout_seconds: seconds.optional().meta({
    title: 'Stop after idle',
    description: 'Seconds without a request until it is stopped. 0: never. Default: the settings’.',
  }),
  request_timeout_seconds: seconds.min(1).optional().meta({
    title: 'Request timeout',
    description: 'Seconds that a request may take; progress starts them anew.',
  }),
  start_timeout_seconds: seconds.min(1).optional().meta({
    title: 'Start timeout',
    description: 'Seconds until it must be ready. More for one that downloads itself first.',
  }),
  always_on: z.boolean().default(false).meta({
    title: 'Always on',
    description: 'Started with the gateway and never stopped for idling.',
  }),
  isolation: isolation.default('auto').meta({
    title: 'Isolation',
    description:
      '`shared`: one instance for all clients. `session`: one for each. `auto`: shared, until the server is seen to ask its client something.',
  }),
  overlap: z.boolean().default(true).meta({
    title: 'Overlap',
    description:
      'Off: after a change, the old instance stops before the new one starts (one port, one lock).',
  }),
  inherit_env: z
    .union([z.boolean(), z.array(text)])
    .default(false)
    .meta({
      title: 'Inherit variables',
      description:
        'What it gets of the gateway’s environment besides the safe basics (HOME, PATH, LANG, …): nothing, all, or the names listed.',
    }),
  tools: toolFilter
    .default({ allow: ['*'], deny: [] })
    .meta({ title: 'Tools', description: 'Which of its tools clients see. Deny wins.' }),
})

export const catalogSchema = z.strictObject({
  servers: z
    .array(serverDefinition)
    .default([])
    .meta({ title: 'Servers', description: 'The servers behind this gateway.' }),
})

export type Runtime = z.infer<typeof runtime>
export type RuntimeType = Runtime['type']
export type OauthClient = z.infer<typeof oauthClient>
export type ToolFilter = z.infer<typeof toolFilter>
/** One entry of the catalog as it is written: `${VAR}` templates unresolved, defaults filled in. */
export type ServerDefinition = z.infer<typeof serverDefinition>
export type Catalog = z.infer<typeof catalogSchema>
