import { vi, expect } from 'vitest'
import type { Json, SdkClient } from './sdk-client.ts'

/** One request to a server, by its own names. */
export interface Step {
  label: string
  method: string
  params: Json
}

export type Transcript = Record<string, unknown>

/** The result, or the error as the SDK gives it. */
export async function answerOf(client: SdkClient, step: Step): Promise<unknown> {
  try {
    return { result: await client.request(step.method, step.params) }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const { message } = error
    const code: unknown = Reflect.get(error, 'code')
    const data: unknown = Reflect.get(error, 'data')
    return { error: { code, message, data } }
  }
}

/** Without what differs between two runs of a server: times, dates, random ids. */
export function withoutTime(text: string): string {
  return text
    .replaceAll(/created at [^\n"]+/g, 'created at <time>')
    .replaceAll(/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g, '<uuid>')
    .replaceAll(/\b[0-9a-f]{32}\b/g, '<id>')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<date>')
}

/** How the aggregate endpoint calls what a server has. */
export function exposed(serverId: string): {
  rename: (step: Step) => Step
  rewrite: (transcript: Transcript) => Transcript
} {
  const name = (own: unknown): string => `${serverId}__${String(own)}`
  const uri = (own: unknown): string => `mcp://${serverId}/${String(own)}`
  const renameParams = ({ method, params }: Step): Json => {
    const ref = params['ref']
    if (typeof ref === 'object' && ref !== null)
      return {
        ...params,
        ref:
          'uri' in ref
            ? { ...ref, uri: uri(ref.uri) }
            : { ...ref, name: name(Reflect.get(ref, 'name')) },
      }
    if (method.startsWith('resources/') && 'uri' in params)
      return { ...params, uri: uri(params['uri']) }
    return 'name' in params ? { ...params, name: name(params['name']) } : params
  }
  /** Lists and results alike: `uri` and `uriTemplate` wherever the protocol has them, `name` in two lists. */
  const rewrite = (label: string, value: unknown): unknown => {
    const listed = /^(tools|prompts)\/list$/.exec(label)?.[1]
    const walk = (item: unknown, key: string, parentKey: string): unknown => {
      if (key === 'structuredContent') return item // the tool's own, and it has a schema
      if (Array.isArray(item)) return item.map((part: unknown) => walk(part, '', key))
      if (typeof item === 'object' && item !== null)
        return Object.fromEntries(
          Object.entries(item).map(([name, part]) => [name, walk(part, name, key || parentKey)]),
        )
      if (typeof item !== 'string') return item
      if (key === 'uri' || key === 'uriTemplate') return uri(item)
      return key === 'name' && parentKey === listed ? name(item) : item
    }
    return walk(value, '', '')
  }
  return {
    rename: (step) => ({ ...step, params: renameParams(step) }),
    rewrite: (transcript) =>
      Object.fromEntries(
        Object.entries(transcript).map(([label, value]) => [label, rewrite(label, value)]),
      ),
  }
}

/** A notification of this kind that satisfies `check`, waited for. */
export function expectNotice(
  client: SdkClient,
  method: string,
  check: (params: Json) => boolean = () => true,
  timeout = 5_000,
): Promise<void> {
  return vi.waitFor(
    () =>
      expect(
        client.notices.filter((notice) => notice.method === method).map((n) => n.params ?? {}),
        `${method} to the ${client.sdk} client`,
      ).toSatisfy((all: Json[]) => all.some(check)),
    { timeout, interval: 20 },
  )
}

/** A list of all servers without the parts of the others. */
export function onlyOf(serverId: string, label: string, answer: unknown): unknown {
  if (!label.endsWith('/list') || typeof answer !== 'object' || answer === null) return answer
  const isOwn = (item: unknown): boolean =>
    JSON.stringify(item).includes(`"${serverId}__`) ||
    JSON.stringify(item).includes(`"mcp://${serverId}/`)
  return JSON.parse(
    JSON.stringify(answer, (key, value: unknown) =>
      /^(?:tools|prompts|resources|resourceTemplates)$/.test(key) && Array.isArray(value)
        ? value.filter(isOwn)
        : value,
    ),
  )
}
