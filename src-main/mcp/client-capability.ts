import { GatewayError } from '../../src-shared/errors.ts'
import { canonicalJson, isRecord } from '../../src-shared/json-record.ts'
import { isObject, member, parseSpan, stringAt } from './json-spans.ts'
import type { ClientCapabilities } from './caller.ts'
import type { RequestEnvelope } from './envelope.ts'

/**
 * What the gateway declares to a shared server: everything that it can pass on to a client, but never roots: a server
 * such as filesystem replaces its folders by a client's roots, which would redirect every other client.
 */
export const sharedCapabilities: ClientCapabilities = {
  sampling: { context: {}, tools: {} },
  elicitation: { form: {}, url: {} },
}

/** Methods that a server asks of a client, and the capability that allows them. */
const needs: Record<string, string> = {
  'sampling/createMessage': 'sampling',
  'elicitation/create': 'elicitation',
  'roots/list': 'roots',
}

function has(capabilities: ClientCapabilities, name: string, part: string): boolean {
  const value = capabilities[name]
  return isRecord(value) && part in value
}

/**
 * The capability that a client lacks for this request of a server, or undefined if it can be asked.
 * (2025-11-25: sampling.tools for `tools`; elicitation.url for `mode: "url"`; `elicitation: {}` means form.)
 */
export function missingCapability(
  capabilities: ClientCapabilities,
  request: RequestEnvelope,
): string | undefined {
  const name = needs[request.method]
  if (name === undefined) return undefined
  if (!(name in capabilities)) return name
  const { bytes, params } = request
  if (name === 'sampling') {
    const tools = member(bytes, params, 'tools') ?? member(bytes, params, 'toolChoice')
    if (tools !== undefined && !has(capabilities, name, 'tools')) return 'sampling.tools'
  }
  if (name === 'elicitation') {
    const url = stringAt(bytes, member(bytes, params, 'mode')) === 'url'
    if (url && !has(capabilities, name, 'url')) return 'elicitation.url'
    const onlyUrl = has(capabilities, name, 'url') && !has(capabilities, name, 'form')
    if (!url && onlyUrl) return 'elicitation.form'
  }
  return undefined
}

/** 2026-07-28: MissingRequiredClientCapabilityError. `missing`: as `sampling` or `sampling.tools`. */
export function lacksCapability(serverId: string, missing: string, method: string): GatewayError {
  const [name = missing, part] = missing.split('.')
  return new GatewayError(
    'missing_capability',
    `${serverId} needs ${method}, and the request does not declare the client capability ${missing}.`,
    { data: { requiredCapabilities: { [name]: part === undefined ? {} : { [part]: {} } } } },
  )
}

/** True if a client with these capabilities can answer at least one of these methods. */
export function canAnswer(capabilities: ClientCapabilities, methods: Iterable<string>): boolean {
  for (const method of methods) {
    const name = needs[method]
    if (name !== undefined && name in capabilities) return true
  }
  return false
}

/** Requests that only a client can answer, as far as the gateway knows. */
export function isClientQuestion(method: string): boolean {
  return method in needs
}

/** A short, stable name of what was declared: the lists that a server shows may depend on it. */
export function capabilitySignature(capabilities: ClientCapabilities): string {
  return canonicalJson(capabilities)
}

/** `capabilities` of an `initialize` request, {} where there are none. */
export function readCapabilities(request: RequestEnvelope): ClientCapabilities {
  const span = member(request.bytes, request.params, 'capabilities')
  if (span === undefined || !isObject(request.bytes, span)) return {}
  const value = parseSpan(request.bytes, span)
  return isRecord(value) ? value : {}
}
