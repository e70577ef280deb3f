import { z } from 'zod'
import { isBorrowedNetwork, memoryPattern, volumePattern } from './container-notation.ts'

/** `runtime: {type: docker}` of the catalog: a server in a container. */

const text = z.string().min(1)
const template = String.raw`\$\{`

/** Also lets a text with `${…}` through: what becomes of it is checked at the start. */
function orTemplate(pattern: RegExp): RegExp {
  return new RegExp(`${pattern.source}|${template}`)
}

export const dockerRuntime = z
  .strictObject({
    type: z.literal('docker'),
    image: text.meta({
      title: 'Image',
      description: 'Its name, as for `docker run`: `mcp/postgres:1.2`. Pulled if it is not there.',
    }),
    args: z.array(z.string()).default([]).meta({
      title: 'Arguments',
      description: 'One a line, after the image’s entry point (they take the place of its CMD).',
    }),
    container_name: z
      .string()
      .regex(orTemplate(/^[A-Za-z0-9][A-Za-z0-9_.-]+$/), 'letters, digits, `_`, `.` and `-` alone')
      .optional()
      .meta({
        title: 'Container name',
        description: 'Default: `mcp-` with the server’s ID and a number of its own.',
      }),
    volumes: z
      .array(
        z.string().regex(orTemplate(volumePattern), 'write `SOURCE:/path` or `SOURCE:/path:ro`'),
      )
      .default([])
      .meta({
        title: 'Volumes',
        description:
          '`./data:/data:ro`: a folder or file, relative to the catalog, or the name of a volume, and where the server sees it.',
      }),
    env_file: text.optional().meta({
      title: 'Variables file',
      description: 'The same as `env_file` beside the runtime, which wins over it.',
    }),
    network: text.optional().meta({
      title: 'Network',
      description:
        'A network of the engine, or `none`. Default: the engine’s own bridge. `host` gives up the separation from this machine.',
    }),
    memory: z.string().regex(orTemplate(memoryPattern), 'write `512m` or `2g`').optional().meta({
      title: 'Memory',
      description: 'The most it may use: `512m`, `2g`. Default: no limit.',
    }),
    cpus: z.number().positive().optional().meta({
      title: 'CPUs',
      description: 'How many cores it may use: `0.5`. Default: no limit.',
    }),
    user: text.optional().meta({
      title: 'User',
      description:
        'Who it runs as: `1000`, `1000:1000`, a name of the image. Default: the image’s.',
    }),
    read_only: z.boolean().default(false).meta({
      title: 'Read only',
      description: 'On: its own files cannot be written, only volumes and /tmp.',
    }),
    engine: z.enum(['docker', 'podman']).default('docker').meta({
      title: 'Engine',
      description: 'Docker as DOCKER_HOST and the Docker context say, or Podman’s socket.',
    }),
    transport: z.enum(['stdio', 'http']).default('stdio').meta({
      title: 'Transport',
      description: 'How the server speaks MCP: over its input and output, or HTTP at a port.',
    }),
    port: z.number().int().min(1).max(65_535).optional().meta({
      title: 'Port',
      description: 'With `transport: http`: where the server listens inside the container.',
    }),
    path: z
      .string()
      .regex(/^\//, 'it begins with `/`')
      .optional()
      .meta({ title: 'Path', description: 'With `transport: http`. Default: `/mcp`.' }),
  })
  .superRefine(({ transport, port, network }, context) => {
    if (transport !== 'http') return
    if (port === undefined)
      context.addIssue({ code: 'custom', path: ['port'], message: 'it goes with transport: http' })
    if (isBorrowedNetwork(network))
      context.addIssue({
        code: 'custom',
        path: ['network'],
        message: `with transport: http the port is published, which network: ${network} does not allow. Leave network out, or name one of the engine’s`,
      })
  })
  .meta({
    title: 'Container',
    description: 'A server in a Docker or Podman container, kept apart from this machine.',
  })

export type DockerRuntime = z.infer<typeof dockerRuntime>
