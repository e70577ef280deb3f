import path from 'node:path'
import { serverDefinition } from '../../src-shared/catalog.ts'
import type { ServerDefinition } from '../../src-shared/catalog.ts'
import { canonicalJson } from '../../src-shared/json-record.ts'
import type { JsonRecord } from '../../src-shared/json-record.ts'
import { interpolate } from '../catalog/interpolate.ts'
import type { Lookup } from '../catalog/interpolate.ts'
import { absoluteVolume } from './import-entry.ts'

/** What an entry starts or reaches, as one text: equal for entries of which one is enough. Undefined if it is not valid. */
export function meaningOf(entry: JsonRecord, lookup: Lookup, baseDir: string): string | undefined {
  const parsed = serverDefinition.safeParse(entry)
  return parsed.success ? canonicalJson(resolved(parsed.data, lookup, baseDir)) : undefined
}

function resolved(definition: ServerDefinition, lookup: Lookup, baseDir: string): unknown {
  const { runtime, env, env_file, inherit_env } = definition
  const text = (template: string): string => {
    const { value, missing } = interpolate(template, lookup)
    // What is not set stands for itself.
    return missing.length === 0 ? value : template
  }
  const map = (values: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, text(value)]))
  const file = env_file === undefined ? undefined : path.resolve(baseDir, text(env_file))
  if (runtime.type === 'docker') {
    // Whatever it is called.
    const { container_name: _name, ...rest } = runtime
    const texts = canonicalJson({ ...rest, volumes: undefined })
    const volumes = rest.volumes.map((volume) => absoluteVolume(baseDir, text(volume)))
    return { container: text(texts), volumes, env: map(env), env_file: file, inherit_env }
  }
  if (runtime.type !== 'local-process') {
    const headers = Object.entries(map(runtime.headers)).map(([name, value]) => [
      name.toLowerCase(),
      value,
    ])
    return { url: text(runtime.url).replace(/\/$/, ''), headers: Object.fromEntries(headers) }
  }
  const { command, args, working_dir } = runtime
  return {
    command: text(command),
    args: args.map((arg) => text(arg).replace(/^--yes$/, '-y')),
    env: map(env),
    inherit_env,
    working_dir: working_dir === undefined ? undefined : path.resolve(baseDir, text(working_dir)),
    env_file: file,
  }
}
