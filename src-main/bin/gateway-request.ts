import { GatewayError } from '../../src-shared/errors.ts'

const answerLimitMs = 5_000

export interface GatewayAnswer {
  status: number
  body: string
}

/** One request to the running gateway. Throws GatewayError where no answer comes. */
export function askGateway(
  url: URL,
  key: string,
  options: { method?: string; body?: string } = {},
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
    const { method = 'GET', body } = options
    const headers = {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
    }
    const request = client.request(
      url,
      { method, headers, agent: false, timeout: answerLimitMs },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (part: string) => (text += part))
        answer.on('error', failed)
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: text }))
      },
    )
    request.on('timeout', () =>
      request.destroy(new Error(`nothing came within ${answerLimitMs / 1000} seconds`)),
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
