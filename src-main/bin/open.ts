import { z } from 'zod'
import type { GatewayInfo } from '../host/gateway-claim.ts'
import { openBrowser } from './browser.ts'
import { askGateway, unexpected } from './gateway-request.ts'

const answer = z.object({ ok: z.object({ url: z.string() }) })

/** Prints where the gateway is, with a one-time link to its dashboard, and shows the link. Throws GatewayError. */
export async function openDashboard(
  info: GatewayInfo,
  key: string,
  withBrowser: boolean,
): Promise<void> {
  const link = await dashboardLink(info, key)
  process.stdout.write(
    `Open MCP Gateway ${info.version} runs at ${info.url} (process ${info.pid}).\n` +
      `Its servers are those of ${info.catalog}; save a change there, and it applies.\n\n` +
      `The dashboard, by this link once within five minutes:\n  ${link}\n\n` +
      'An AI client on this machine starts the command gateway-stdio; it needs no key.\n' +
      `A program speaks MCP with ${info.url}/mcp and sends the header\n` +
      '  Authorization: Bearer KEY        (KEY is what gateway key prints)\n',
  )
  const isTerminal = process.stdout.isTTY === true
  if (withBrowser)
    await openBrowser(link, { env: process.env, platform: process.platform, isTerminal })
}

async function dashboardLink(info: GatewayInfo, key: string): Promise<string> {
  const got = await askGateway(new URL('/api/dashboard.link', info.url), key, {
    method: 'POST',
    body: '{}',
  })
  if (got.status !== 200) throw unexpected(info.url, got)
  return answer.parse(JSON.parse(got.body)).ok.url
}
