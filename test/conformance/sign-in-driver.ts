import type { Client } from '@modelcontextprotocol/client'
import { z } from 'zod'
import { browse } from '../sign-in/browser.ts'
import { startGateway } from './gateway-process.ts'

/** Of scenarios that have registered a client beforehand. */
const contextSchema = z.object({
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
})
const linkSchema = z.object({ ok: z.object({ url: z.string() }) })
const rowSchema = z.object({
  ok: z.object({
    sign_in: z.object({ state: z.string(), problem: z.string().nullable() }).nullable(),
  }),
})

/** The address that the suite takes for a client's metadata document. */
const clientMetadataUrl = 'https://conformance-test.local/client-metadata.json'
/** More often than that, nobody would sign in. */
const maxSignIns = 5

/**
 * The gateway in front of the suite's protected server, an AI client that lists the tools and calls them, and a person
 * who signs in whenever the gateway says that somebody has to.
 */
export async function signingIn(
  serverUrl: string,
  connect: (url: string) => Promise<Client>,
): Promise<void> {
  const given: unknown = JSON.parse(process.env['MCP_CONFORMANCE_CONTEXT'] ?? '{}')
  const { client_id, client_secret } = contextSchema.parse(given)
  const gateway = await startGateway(
    {
      type: 'remote-http',
      url: serverUrl,
      ...(client_id === undefined ? {} : { oauth: { client_id, client_secret } }),
    },
    {},
    { oauth_client_metadata_url: clientMetadataUrl },
  )
  try {
    let signIns = 0
    const willing = async <T>(act: () => Promise<T>): Promise<T> => {
      for (;;)
        try {
          return await act()
        } catch (error) {
          if (signIns++ === maxSignIns || !(await wantsSignIn(gateway.url))) throw error
          await signIn(gateway.url)
        }
    }
    const client = await willing(() => connect(gateway.url))
    const { tools } = await willing(() => client.listTools())
    for (const { name } of tools)
      await willing(async () => {
        const result = await client.callTool({ name, arguments: {} })
        if (result.isError === true) throw new Error(JSON.stringify(result.content))
      })
    await client.close()
  } finally {
    await gateway.stop()
  }
}

/** As its window says: the error alone does not reach everybody who sits behind an AI client. */
async function wantsSignIn(gatewayUrl: string): Promise<boolean> {
  const { ok } = rowSchema.parse(await callApi(gatewayUrl, 'server.get'))
  return ok.sign_in?.state === 'needed' || ok.sign_in?.problem != null
}

async function signIn(gatewayUrl: string): Promise<void> {
  const { ok } = linkSchema.parse(await callApi(gatewayUrl, 'sign_in.start'))
  const page = await browse(ok.url)
  if (!page.text.includes('<h1>Signed in</h1>')) throw new Error(page.text)
}

async function callApi(gatewayUrl: string, procedure: string): Promise<unknown> {
  const answer = await fetch(new URL(`/api/${procedure}`, gatewayUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id: 'under-test' }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  return JSON.parse(text)
}
