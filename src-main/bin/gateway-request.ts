import { errorRegistry, GatewayError } from '../../src-shared/errors.ts'
import type { ErrorCode } from '../../src-shared/errors.ts'
import { isRecord } from '../../src-shared/json-record.ts'

const answerLimitMs = 5_000

export interface GatewayAnswer {
  status: number
  body: string
}

/** One request to the running gateway. Throws GatewayError where no answer comes. */
export function askGateway(
  url: URL,
  key: string,
  options: { method?: string; body?: string; timeoutMs?: number } = {},
): Promise<GatewayAnswer> {
  const client =
    url.protocol === 'https:'
      ? process.getBuiltinModule('node:https')
      : process.getBuiltinModule('node:http')
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void =>
      reject(
        new GatewayError(
          'internal',
          `The gateway at ${url.origin} does not answer: ${error.message}`,
          { cause: error },
        ),
      )
    const { method = 'GET', body, timeoutMs = answerLimitMs } = options
    const headers = {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
    }
    const request = client.request(
      url,
      { method, headers, agent: false, timeout: timeoutMs },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (part: string) => (text += part))
        answer.on('error', failed)
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: text }))
      },
    )
    request.on('timeout', () =>
      request.destroy(new Error(`nothing came within ${timeoutMs / 1000} seconds`)),
    )
    request.on('error', failed)
    request.end(body)
  })
}

/** What the gateway has answered instead of what was asked for. */
export function unexpected(at: string, { status, body }: GatewayAnswer): GatewayError {
  return new GatewayError(
    'internal',
    `The gateway at ${at} answered with HTTP ${status}: ${body.slice(0, 300)}`,
  )
}

/** One procedure of the management API. Throws GatewayError: what the gateway says is wrong, or `unexpected`. */
export async function callGateway(
  { url }: { url: string },
  key: string,
  procedure: string,
  input: unknown,
  timeoutMs?: number,
): Promise<unknown> {
  const got = await askGateway(new URL(`/api/${procedure}`, url), key, {
    method: 'POST',
    body: JSON.stringify(input),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  })
  const answer = parsed(got.body)
  if (got.status === 200 && isRecord(answer)) return answer['ok']
  const error = isRecord(answer) && isRecord(answer['error']) ? answer['error'] : {}
  const { code, message } = error
  if (typeof message === 'string') throw new GatewayError(isCode(code) ? code : 'internal', message)
  throw unexpected(url, got)
}

function isCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorRegistry, code)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
