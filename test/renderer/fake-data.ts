import type {
  ApiLogLine,
  ServerDetailView,
  ServerLists,
  ServerRow,
} from '../../src-shared/api-servers.ts'
import type { ActivityDetail } from '../../src-shared/api.ts'

const minuteMs = 60_000

/** Made-up servers that show every state; the rest of `count` is filled up with plain ones. */
export function sampleServers(count = 9, now = Date.now()): ServerRow[] {
  const named = named9(now)
  const more = Array.from({ length: Math.max(0, count - named.length) }, (_, index) =>
    sampleRow(now, {
      id: `server-${String(index).padStart(4, '0')}`,
      display_name: `Server ${String(index).padStart(4, '0')}`,
      tags: [['database', 'files', 'web', 'cloud'][index % 4] ?? 'files'],
      ...(index % 3 === 0 ? { status: 'running', reason: '', started_at: ago(now, index) } : {}),
      request_count: (index * 37) % 900,
      latency_ms: { p50: 2 + (index % 90), p95: 20 + (index % 300) },
    }),
  )
  return [...named, ...more].slice(0, count)
}

function named9(now: number): ServerRow[] {
  return [
    sampleRow(now, {
      id: 'postgres',
      display_name: 'PostgreSQL',
      description: 'SQL queries against the shop database',
      tags: ['database'],
      status: 'running',
      reason: '',
      started_at: ago(now, 134),
      last_activity: ago(now, 1),
      request_count: 1204,
      error_count: 3,
      latency_ms: { p50: 14, p95: 120 },
    }),
    sampleRow(now, {
      id: 'filesystem',
      display_name: 'Files',
      description: 'Reads and writes in ~/projects',
      tags: ['files', 'local'],
      status: 'running',
      reason: '',
      started_at: ago(now, 12),
      last_activity: ago(now, 0),
      request_count: 88,
      latency_ms: { p50: 3, p95: 9 },
    }),
    sampleRow(now, {
      id: 'github',
      display_name: 'GitHub',
      description: 'Issues, pull requests and code search',
      tags: ['code', 'web'],
      runtime_type: 'remote-http',
      status: 'running',
      reason: '',
      started_at: ago(now, 47),
      last_activity: ago(now, 4),
      request_count: 312,
      error_count: 1,
      latency_ms: { p50: 240, p95: 810 },
    }),
    sampleRow(now, {
      id: 'playwright',
      display_name: 'Playwright',
      description: 'A browser that can be driven',
      tags: ['web'],
      status: 'starting',
      reason: 'waiting for initialize, 3 s',
    }),
    sampleRow(now, {
      id: 'slack',
      display_name: 'Slack',
      description: 'Channels and messages',
      tags: ['web'],
      status: 'unhealthy',
      reason: 'circuit open, next try in 40 s',
      request_count: 19,
      error_count: 7,
      last_error:
        'slack did not start. The command `slack-mcp` was not found in PATH (login shell: 14 folders searched). Install it, or set an absolute path.',
    }),
    sampleRow(now, {
      id: 'memory',
      display_name: 'Memory',
      description: 'A small knowledge graph that outlives the conversation',
      tags: ['local'],
      reason: 'idle for 5 min',
      last_activity: ago(now, 9),
      request_count: 41,
      latency_ms: { p50: 2, p95: 4 },
    }),
    sampleRow(now, {
      id: 'sentry',
      display_name: 'Sentry',
      description: 'Errors of our own services',
      tags: ['web', 'cloud'],
      runtime_type: 'remote-sse',
      reason: 'not configured: ${SENTRY_TOKEN} is not set',
      warnings: ['${SENTRY_TOKEN} is not set. Set it in the environment, or give a default.'],
    }),
    sampleRow(now, {
      id: 'everything',
      display_name: 'Everything',
      description: 'One of every feature of the protocol, for trying things out',
      tags: ['sample'],
      status: 'stopping',
      reason: 'waiting for 1 call',
      started_at: ago(now, 3),
      request_count: 6,
      latency_ms: { p50: 5, p95: 60 },
    }),
    sampleRow(now, {
      id: 'weather',
      display_name: 'Weather',
      description: '',
      enabled: false,
      tags: ['web'],
      reason: 'disabled',
    }),
  ]
}

/** One that was added to the catalog just now. */
export function newServer(id: string): ServerRow {
  return sampleRow(Date.now(), { id, display_name: id })
}

/** A server that has never run, but for what is given. */
export function sampleRow(
  now: number,
  given: Partial<ServerRow> & { id: string; display_name: string },
): ServerRow {
  return {
    description: '',
    enabled: true,
    status: 'stopped',
    reason: 'not started yet',
    tags: [],
    runtime_type: 'local-process',
    started_at: null,
    last_activity: given.request_count === undefined ? null : ago(now, 20),
    request_count: 0,
    error_count: 0,
    last_error: null,
    warnings: [],
    latency_ms: { p50: null, p95: null },
    sign_in: null,
    ...given,
  }
}

function ago(now: number, minutes: number): string {
  return new Date(now - minutes * minuteMs).toISOString()
}

export function sampleDetail(server: ServerRow): ServerDetailView {
  const runs = server.status === 'running' || server.status === 'stopping'
  const runtime =
    server.runtime_type === 'local-process'
      ? { type: 'local-process', command: `${server.id}-mcp`, args: ['--transport', 'stdio'] }
      : server.runtime_type === 'docker'
        ? { type: 'docker', image: `mcp/${server.id}`, memory: '512m' }
        : { type: server.runtime_type, url: `https://mcp.${server.id}.example/mcp` }
  return {
    ...server,
    runtime,
    uptime_seconds:
      server.started_at === null
        ? 0
        : Math.round((Date.now() - Date.parse(server.started_at)) / 1000),
    capabilities: {
      tools: { listChanged: true },
      resources: { subscribe: true },
      prompts: {},
      logging: {},
    },
    server_info: { name: `${server.id}-mcp`, title: server.display_name, version: '1.4.2' },
    protocol_version: '2025-11-25',
    protocol_era: 'legacy',
    isolation: 'auto',
    pids: runs && server.runtime_type === 'local-process' ? [48210, 48217] : [],
    entry: {
      id: server.id,
      display_name: server.display_name,
      ...(server.description === '' ? {} : { description: server.description }),
      tags: server.tags,
      runtime,
      ...(server.id === 'postgres' ? { env: { PGPASSWORD: '${PGPASSWORD}' } } : {}),
    },
  }
}

/** A PNG of 8 × 8 pixels. */
const pixels =
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAFklEQVR4nGNQuHIFK2IYlBIMOKRGHAkAx7qYAUtQP9oAAAAASUVORK5CYII='

export const sampleLists: ServerLists = {
  tools: [
    {
      name: 'echo',
      title: 'Echo',
      description: 'Says the message back.',
      inputSchema: {
        type: 'object',
        properties: { message: { type: 'string', description: 'What to say back' } },
        required: ['message'],
      },
      annotations: { readOnlyHint: true },
    },
    {
      name: 'query',
      title: 'Run a query',
      description:
        'Runs one SQL statement and gives its rows. Reads by default; writing statements need `write`.',
      inputSchema: {
        type: 'object',
        properties: {
          sql: { type: 'string', minLength: 1, description: 'One statement' },
          limit: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
          format: { type: 'string', enum: ['rows', 'csv', 'json'], default: 'rows' },
          write: { type: 'boolean', default: false, description: 'Allow changes' },
          timeout: { type: ['number', 'null'], description: 'Seconds', exclusiveMinimum: 0 },
          params: {
            type: 'array',
            description: 'Values for $1, $2, …',
            items: { anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] },
          },
          page: {
            type: 'object',
            properties: {
              size: { type: 'integer', default: 20 },
              order: {
                type: 'array',
                items: {
                  type: 'object',
                  properties: {
                    column: { type: 'string' },
                    direction: { enum: ['asc', 'desc'] },
                  },
                  required: ['column'],
                },
              },
            },
          },
        },
        required: ['sql'],
      },
      outputSchema: { type: 'object' },
    },
    {
      name: 'slow_export',
      description: 'Takes a while and tells how far it is.',
      inputSchema: {
        type: 'object',
        properties: { steps: { type: 'integer', default: 5, minimum: 1 } },
      },
    },
    {
      name: 'chart',
      description: 'Draws a picture.',
      inputSchema: { type: 'object', properties: {} },
    },
    {
      name: 'filter',
      title: 'Filter',
      description: 'A filter that may hold others.',
      inputSchema: {
        type: 'object',
        properties: { where: { $ref: '#/$defs/node' } },
        $defs: {
          node: {
            oneOf: [
              {
                title: 'Comparison',
                type: 'object',
                properties: {
                  kind: { const: 'compare' },
                  column: { type: 'string' },
                  value: { type: 'string' },
                },
                required: ['kind', 'column'],
              },
              {
                title: 'All of',
                type: 'object',
                properties: {
                  kind: { const: 'all' },
                  of: { type: 'array', items: { $ref: '#/$defs/node' } },
                },
                required: ['kind', 'of'],
              },
            ],
          },
        },
        required: ['where'],
      },
    },
    {
      name: 'drop_table',
      description: 'Removes a table for good.',
      inputSchema: {
        type: 'object',
        properties: { table: { type: 'string' } },
        required: ['table'],
      },
      annotations: { destructiveHint: true },
    },
    {
      name: 'fails',
      description: 'Always ends with an error.',
      inputSchema: { type: 'object' },
    },
  ],
  denied_tools: ['drop_table'],
  resources: [
    { uri: 'file:///docs/readme.md', name: 'readme.md', mimeType: 'text/markdown', size: 2048 },
    { uri: 'db://shop/customers', name: 'customers', description: 'The table of customers' },
  ],
  resource_templates: [
    { uriTemplate: 'db://shop/{table}', name: 'table', description: 'Any table' },
  ],
  prompts: [
    {
      name: 'explain',
      description: 'Explains a query plan.',
      arguments: [{ name: 'sql', description: 'The statement', required: true }, { name: 'style' }],
    },
  ],
}

/** What the made-up tools give back. */
export function sampleResult(name: string, given: unknown): Record<string, unknown> {
  switch (name) {
    case 'query':
      return {
        content: [{ type: 'text', text: '[{"id":1,"name":"Ada"},{"id":2,"name":"Grace"}]' }],
        structuredContent: {
          rows: [
            { id: 1, name: 'Ada' },
            { id: 2, name: 'Grace' },
          ],
          more: false,
        },
      }
    case 'chart':
      return {
        content: [
          { type: 'text', text: 'Sales of the week' },
          { type: 'image', mimeType: 'image/png', data: pixels },
          { type: 'resource_link', uri: 'db://shop/sales', name: 'sales', mimeType: 'text/csv' },
          {
            type: 'resource',
            resource: {
              uri: 'file:///week.csv',
              mimeType: 'text/csv',
              text: 'day,sum\nMon,12\nTue,9',
            },
          },
        ],
      }
    case 'fails':
      return {
        isError: true,
        content: [{ type: 'text', text: 'The table "orders" does not exist.' }],
      }
    default:
      return { content: [{ type: 'text', text: `Echo: ${JSON.stringify(given)}` }] }
  }
}

export function sampleLog(count: number, now = Date.now()): ApiLogLine[] {
  return Array.from({ length: count }, (_, index) =>
    logLine(index + 1, now - (count - index) * 900),
  )
}

export function logLine(seq: number, time: number): ApiLogLine {
  const at = new Date(time).toISOString()
  if (seq === 1)
    return { seq, time: at, source: 'lifecycle', text: 'starting: postgres-mcp --transport stdio' }
  if (seq === 2)
    return { seq, time: at, source: 'lifecycle', text: 'running after 340 ms, process 48210' }
  const texts = [
    'INFO  connected to shop at localhost:5432',
    'DEBUG query took 12 ms: select id, name from customers where id = $1',
    'WARN  pool has 9 of 10 connections in use',
    'ERROR relation "orders" does not exist (SQLSTATE 42P01)',
    'INFO  tools/call query ok in 14 ms',
  ]
  return { seq, time: at, source: 'stderr', text: texts[seq % texts.length] ?? '' }
}

export function sampleActivity(count: number, now = Date.now()): ActivityDetail[] {
  const kinds = [
    ['Claude Desktop', 'postgres', 'tools/call', 'query', 14],
    ['Cursor', 'filesystem', 'tools/call', 'read_file', 3],
    ['VS Code', 'github', 'tools/call', 'search_issues', 412],
    ['Cline', 'postgres', 'resources/read', 'db://shop/customers', 8],
    ['Claude Desktop', 'slack', 'tools/call', 'post_message', 30_004],
    ['Cursor', 'memory', 'prompts/get', 'explain', 5],
  ] as const
  return Array.from({ length: count }, (_, index) => {
    const [client, server, method, target, ms] = kinds[index % kinds.length] ?? kinds[0]
    const outcome = server === 'slack' ? 'error' : index % 17 === 16 ? 'cancelled' : 'ok'
    const failed = 'The server did not answer within 30 s.'
    return {
      id: count - index,
      time: new Date(now - index * 41_000).toISOString(),
      client,
      server_id: server,
      method,
      target,
      duration_ms: ms,
      outcome,
      error: outcome === 'error' ? failed : null,
      is_replayable: outcome !== 'cancelled',
      replay_reason:
        outcome === 'cancelled' ? 'The request was cancelled before it was kept.' : null,
      request: JSON.stringify({
        jsonrpc: '2.0',
        id: 7,
        method,
        params: { name: target, arguments: { sql: 'select 1', token: '••••' } },
      }),
      response:
        outcome === 'cancelled'
          ? null
          : JSON.stringify(
              outcome === 'error'
                ? { jsonrpc: '2.0', id: 7, error: { code: -32000, message: failed } }
                : { jsonrpc: '2.0', id: 7, result: { content: [{ type: 'text', text: '1' }] } },
            ),
    } satisfies ActivityDetail
  })
}

export const sampleCatalog = `# Our servers. Save a change while the gateway runs: it applies at once.
servers:
  - id: postgres
    display_name: PostgreSQL
    description: SQL queries against the shop database
    tags: [database]
    runtime:
      type: local-process
      command: postgres-mcp
      args: [--transport, stdio]
    env:
      PGPASSWORD: \${PGPASSWORD} # from the login shell
    tools:
      deny: [drop_table]

  - id: filesystem
    display_name: Files
    tags: [files, local]
    runtime: { type: local-process, command: mcp-server-filesystem, args: [~/projects] }

  - id: github
    display_name: GitHub
    tags: [code, web]
    runtime:
      type: remote-http
      url: https://api.githubcopilot.com/mcp/
      headers: { Authorization: "Bearer \${GITHUB_TOKEN}" }
`
