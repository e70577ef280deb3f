import type { GatewayInfo } from '../host/gateway-claim.ts'

const answerLimitMs = 4_000

/** Whether the running gateway answers `GET /health`; why not, where it does not. Never rejects. */
export function gatewayHealth({ url }: Pick<GatewayInfo, 'url'>): Promise<string | undefined> {
  const at = new URL('/health', url)
  const client =
    at.protocol === 'https:'
      ? process.getBuiltinModule('node:https')
      : process.getBuiltinModule('node:http')
  return new Promise((resolve) => {
    const request = client.request(at, {
      agent: false,
      timeout: answerLimitMs,
      // Its certificate is for the name that others call it by; nothing secret is sent here.
      rejectUnauthorized: false,
    })
    request.once('response', (answer) => {
      answer.resume()
      resolve(answer.statusCode === 200 ? undefined : `it answered ${answer.statusCode}`)
    })
    request.once('timeout', () =>
      request.destroy(new Error(`nothing came within ${answerLimitMs / 1000} s`)),
    )
    request.once('error', (error) => resolve(error.message))
    request.end()
  })
}
