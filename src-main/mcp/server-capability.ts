import { isRecord } from '../../src-shared/json-record.ts'

/** True if a server with these capabilities has declared this part of one of them, such as `listChanged` of `tools`. */
export function declares(
  capabilities: Readonly<Record<string, unknown>> | undefined,
  name: 'tools' | 'prompts' | 'resources',
  part: 'listChanged' | 'subscribe',
): boolean {
  const capability = capabilities?.[name]
  return isRecord(capability) && capability[part] === true
}
