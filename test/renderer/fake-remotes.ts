import type { ServerRow } from '../../src-shared/api-servers.ts'
import type { ContainerRow } from '../../src-shared/container.ts'
import type { SignIn } from '../../src-shared/sign-in.ts'
import type { FakeGateway } from './fake-gateway.ts'
import { sampleRow } from './fake-data.ts'

const hour = 3_600_000

const signIn: SignIn = {
  state: 'needed',
  issuer: 'https://linear.app',
  account: null,
  scopes: ['read', 'write', 'issues:create'],
  expires_at: null,
  renews: false,
  problem: null,
}

/** Adds servers that sign in by OAuth, one in each state: Linear needs one, Notion's has failed, Atlassian has one. */
export function addSignIns(gateway: FakeGateway, now = Date.now()): void {
  const remote = { runtime_type: 'remote-http' as const, tags: ['web'] }
  gateway.servers = [
    sampleRow(now, {
      ...remote,
      id: 'linear',
      display_name: 'Linear',
      description: 'Issues and projects',
      reason: 'sign-in needed',
      sign_in: signIn,
    }),
    sampleRow(now, {
      ...remote,
      id: 'notion',
      display_name: 'Notion',
      description: 'Pages and databases',
      reason: 'sign-in needed',
      sign_in: {
        ...signIn,
        state: 'failed',
        issuer: 'https://api.notion.com',
        problem: 'Access was not granted at api.notion.com.',
      },
    }),
    sampleRow(now, {
      ...remote,
      id: 'atlassian',
      display_name: 'Atlassian',
      description: 'Jira and Confluence',
      status: 'running',
      reason: '',
      started_at: new Date(now - hour).toISOString(),
      request_count: 57,
      latency_ms: { p50: 180, p95: 620 },
      sign_in: {
        ...signIn,
        state: 'signed_in',
        issuer: 'https://auth.atlassian.com',
        account: 'ada@example.com',
        scopes: ['read:jira-work', 'write:jira-work', 'offline_access'],
        expires_at: new Date(now + 42 * 60_000 + 30_000).toISOString(),
        renews: true,
      },
    }),
    ...gateway.servers,
  ]
}

/** Adds servers in containers: Redis runs, Neo4j's image is not there yet, Milvus has Podman, which does not run. */
export function addContainers(gateway: FakeGateway, now = Date.now()): void {
  const rows: [Partial<ServerRow> & { id: string; display_name: string }, ContainerRow][] = [
    [
      {
        id: 'redis',
        display_name: 'Redis',
        description: 'Keys and streams',
        status: 'running',
        reason: '',
        started_at: new Date(now - 2 * hour).toISOString(),
        request_count: 204,
        latency_ms: { p50: 4, p95: 11 },
      },
      {
        server_id: 'redis',
        engine: 'docker',
        engine_problem: null,
        image: { name: 'mcp/redis:1.4', state: 'present', progress: null, problem: null },
        containers: [
          {
            id: '4f1c0a9be2d37c88'.repeat(4),
            name: 'mcp-redis-1',
            started_at: new Date(now - 2 * hour).toISOString(),
            memory_bytes: 61_000_000,
            memory_limit_bytes: 512 * 1024 * 1024,
            cpu_percent: 3.2,
          },
        ],
      },
    ],
    [
      { id: 'neo4j', display_name: 'Neo4j', description: 'A graph', reason: 'not started yet' },
      {
        server_id: 'neo4j',
        engine: 'docker',
        engine_problem: null,
        image: { name: 'mcp/neo4j:latest', state: 'absent', progress: null, problem: null },
        containers: [],
      },
    ],
    [
      { id: 'milvus', display_name: 'Milvus', description: 'Vectors', reason: 'not started yet' },
      {
        server_id: 'milvus',
        engine: 'podman',
        engine_problem:
          'Podman is not running: nothing answers at unix:///run/user/1000/podman/podman.sock. Podman answers programs at a socket that is started on its own: `systemctl --user enable --now podman.socket`.',
        image: { name: 'docker.io/mcp/milvus:2', state: 'unknown', progress: null, problem: null },
        containers: [],
      },
    ],
  ]
  const servers = rows.map(([server]) =>
    sampleRow(now, { runtime_type: 'docker', tags: ['database'], ...server }),
  )
  gateway.servers = [...servers, ...gateway.servers]
  gateway.containers.rows = rows.map(([, row]) => row)
}
