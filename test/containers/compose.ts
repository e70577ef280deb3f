import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import type { EngineProbe } from './engines.ts'

const composeFile = z.strictObject({
  name: z.string(),
  services: z.record(
    z.string(),
    z.strictObject({
      image: z.string(),
      restart: z.string().optional(),
      ports: z.array(z.string()).default([]),
      environment: z.record(z.string(), z.string()).default({}),
      volumes: z.array(z.string()).default([]),
      group_add: z.array(z.string()).default([]),
      read_only: z.boolean().default(false),
      init: z.boolean().default(false),
      tmpfs: z.array(z.string()).default([]),
      cap_drop: z.array(z.string()).default([]),
      security_opt: z.array(z.string()).default([]),
      command: z.array(z.string()).optional(),
    }),
  ),
  volumes: z.record(z.string(), z.unknown()).default({}),
})

export interface ComposeOptions {
  file: string
  /** Takes the name's place, so that several may run. */
  project: string
  /** What `${…}` of the file are. */
  env: Readonly<Record<string, string>>
  /** What a service runs in place of what the file says, where that comes from a registry. */
  commands?: Readonly<Record<string, string[]>>
}

export interface ComposeProject {
  /** By service. */
  containers: Record<string, string>
  down(): Promise<void>
}

/**
 * Starts what a compose file says, as `docker compose up` does, through the engine's API: the plugin is not everywhere.
 * Every key that is used here is understood; another one fails.
 */
export async function composeUp(
  engine: EngineProbe,
  { file, project, env, commands = {} }: ComposeOptions,
): Promise<ComposeProject> {
  const text = readFileSync(file, 'utf8')
    .replaceAll(/^\s*#.*$/gm, '')
    .replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_all, name: string, kind, other: string) => {
      const value = env[name]
      if (value !== undefined) return value
      if (kind !== '-') throw new Error(`${name} is not set: ${other}`)
      return other
    })
  const { services, volumes } = composeFile.parse(parse(text))
  const network = `${project}_default`
  await engine.call('POST', '/networks/create', { Name: network, CheckDuplicate: true })
  const containers: Record<string, string> = {}
  const down = async (): Promise<void> => {
    for (const id of Object.values(containers))
      await engine.call('DELETE', `/containers/${id}?force=true&v=true`)
    await engine.call('DELETE', `/networks/${network}`)
    for (const name of Object.keys(volumes))
      await engine.call('DELETE', `/volumes/${project}_${name}?force=true`)
  }
  try {
    for (const [name, service] of Object.entries(services)) {
      const bindings = service.ports.map((port) => {
        const [, host, published, inside] = /^([\d.]+):(\d+):(\d+)$/.exec(port) ?? []
        return [`${inside}/tcp`, [{ HostIp: host, HostPort: published }]] as const
      })
      const binds = service.volumes.map((volume) => {
        const [source = '', ...rest] = volume.split(':')
        const from = source.startsWith('.')
          ? path.resolve(path.dirname(file), source)
          : source.startsWith('/')
            ? source
            : `${project}_${source}`
        return [from, ...rest].join(':')
      })
      const created = await engine.call('POST', `/containers/create?name=${project}-${name}`, {
        Image: service.image,
        Cmd: commands[name] ?? service.command,
        Env: Object.entries(service.environment).map(([key, value]) => `${key}=${value}`),
        ExposedPorts: Object.fromEntries(bindings.map(([port]) => [port, {}])),
        NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: [name] } } },
        HostConfig: {
          NetworkMode: network,
          Binds: binds,
          PortBindings: Object.fromEntries(bindings),
          GroupAdd: service.group_add,
          ReadonlyRootfs: service.read_only,
          Init: service.init,
          Tmpfs: Object.fromEntries(service.tmpfs.map((place) => [place, ''])),
          CapDrop: service.cap_drop,
          SecurityOpt: service.security_opt,
          RestartPolicy: { Name: service.restart ?? 'no' },
        },
      })
      const { Id: id } = z.object({ Id: z.string() }).parse(created)
      containers[name] = id
      await engine.call('POST', `/containers/${id}/start`)
    }
  } catch (error) {
    await down()
    throw error
  }
  return { containers, down }
}
