/** Calls a tool of the server `id` through a gateway, by the one-call envelope: the answer as it came. */
export async function callTool(
  gateway: { url: string; key: string },
  id: string,
  name: string,
  args: object = {},
): Promise<string> {
  const answer = await fetch(`${gateway.url}/mcp`, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      server_id: id,
      method: 'tools/call',
      params: { name, arguments: args },
    }),
  })
  return answer.text()
}
