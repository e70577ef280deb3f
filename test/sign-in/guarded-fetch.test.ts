import { once } from 'node:events'
import http from 'node:http'
import { expect, it, onTestFinished } from 'vitest'
import { kindOfAddress } from '../../src-main/sign-in/address-kind.ts'
import { createGuardedFetch } from '../../src-main/sign-in/guarded-fetch.ts'

async function serve(answer: http.RequestListener): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = []
  const server = http.createServer((request, response) => {
    asked.push(request.url ?? '')
    answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { url: `http://127.0.0.1:${port}`, asked }
}

it('a server out there cannot have this machine or its network asked', async () => {
  const { url, asked } = await serve((_request, response) => response.end('{}'))
  const fetchFn = createGuardedFetch('cloud', 'https://203.0.113.7/mcp')
  const { port } = new URL(url)
  for (const target of [
    url,
    `https://127.0.0.1:${port}`,
    `https://localhost:${port}`,
    'https://10.0.0.1/',
    'https://192.168.1.1/admin',
    'https://169.254.169.254/latest/meta-data/',
    'https://[::ffff:169.254.169.254]/',
    'https://[fd00::1]/',
  ])
    await expect(fetchFn(target), target).rejects.toThrow(/must not name|not https/)
  expect(asked).toEqual([])
})

it('metadata services are asked for nobody', async () => {
  const fetchFn = createGuardedFetch('local', 'http://127.0.0.1:1/mcp')
  await expect(fetchFn('https://169.254.169.254/')).rejects.toThrow('must not name')
  await expect(fetchFn('http://10.0.0.1/')).rejects.toThrow('not https')
  await expect(fetchFn('file:///etc/passwd')).rejects.toThrow('not https')
})

it('what is too large, too odd or a redirect is not taken further', async () => {
  const far = await serve((_request, response) => response.end('{}'))
  const near = await serve(({ url }, response) => {
    if (url === '/large') return response.end('x'.repeat(2 * 1024 * 1024))
    if (url === '/cut') return response.writeHead(200, { 'content-length': '9' }).end('x')
    return response.writeHead(302, { location: far.url }).end()
  })
  const fetchFn = createGuardedFetch('local', `${near.url}/mcp`)
  await expect(fetchFn(`${near.url}/large`)).rejects.toThrow('larger than 1 MiB')
  await expect(fetchFn(`${near.url}/cut`)).rejects.toThrow('does not answer properly')
  expect((await fetchFn(`${near.url}/away`)).status).toBe(302)
  expect(far.asked).toEqual([])
})

it.each([
  ['127.0.0.1', 'loopback'],
  ['::1', 'loopback'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['172.31.0.1', 'private'],
  ['100.64.0.1', 'private'],
  ['fe80::1', 'forbidden'],
  ['0.0.0.0', 'forbidden'],
  ['224.0.0.1', 'forbidden'],
  ['8.8.8.8', 'public'],
  ['2001:4860:4860::8888', 'public'],
])('%s is %s', (address, kind) => {
  expect(kindOfAddress(address)).toBe(kind)
})
