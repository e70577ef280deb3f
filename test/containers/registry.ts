import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, readFileSync, statSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { run, withFolder, writeImage } from '../../scripts/image-archive.mjs'

export interface TestRegistry {
  /** `127.0.0.1:PORT/some/image:1`, which engines reach without TLS. */
  image: string
  /** What was asked for, with `authorization` where it was given. */
  requests: string[]
}

/**
 * A registry (OCI distribution specification, the pull part) with one small image. `login`: user and password that it
 * wants; `delayMs`: between the parts of a layer.
 */
export async function startRegistry(
  folder: string,
  { login, delayMs = 0 }: { login?: string; delayMs?: number } = {},
): Promise<TestRegistry> {
  const blobs = new Map<string, string>()
  const add = (file: string): { digest: string; size: number } => {
    const digest = `sha256:${createHash('sha256').update(readFileSync(file)).digest('hex')}`
    blobs.set(digest, file)
    return { digest, size: statSync(file).size }
  }
  const manifest = makeManifest(folder, add)
  const requests: string[] = []
  const server = http.createServer((request, response) => {
    const { url = '', headers } = request
    requests.push(`${request.method} ${url} ${headers.authorization ?? ''}`.trim())
    const wanted =
      login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`
    if (wanted !== undefined && headers.authorization !== wanted) {
      response.writeHead(401, {
        'www-authenticate': 'Basic realm="test"',
        'content-type': 'application/json',
      })
      response.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}')
      return
    }
    if (/^\/v2\/?$/.test(url)) return void response.end('{}')
    if (url.includes('/manifests/')) {
      const digest = `sha256:${createHash('sha256').update(manifest).digest('hex')}`
      response.writeHead(200, {
        'content-type': 'application/vnd.docker.distribution.manifest.v2+json',
        'docker-content-digest': digest,
        'content-length': manifest.length,
      })
      return void response.end(request.method === 'HEAD' ? undefined : manifest)
    }
    const blob = blobs.get(url.split('/').at(-1) ?? '')
    if (blob === undefined) return void response.writeHead(404).end('{}')
    response.writeHead(200, { 'content-length': statSync(blob).size })
    void pour(blob, response, delayMs)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { image: `127.0.0.1:${port}/some/image:1`, requests }
}

async function pour(file: string, response: http.ServerResponse, delayMs: number): Promise<void> {
  for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 })) {
    response.write(chunk)
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs))
  }
  response.end()
}

function makeManifest(
  folder: string,
  add: (file: string) => { digest: string; size: number },
): string {
  return withFolder((work: string) => {
    const root = path.join(work, 'root')
    run('mkdir', ['-p', root])
    // What cannot be compressed, so that it takes a while.
    run('sh', ['-c', `head -c 4000000 /dev/urandom > ${root}/noise`])
    const archive = path.join(folder, 'small.tar')
    writeImage({ out: archive, name: 'small:1', layers: [{ root }], config: { Cmd: ['/noise'] } })
    run('tar', ['-xf', archive, '-C', folder])
    run('gzip', ['-1', path.join(folder, 'layer-0.tar')])
    const layer = add(path.join(folder, 'layer-0.tar.gz'))
    const config = add(path.join(folder, 'config.json'))
    return JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
      config: { mediaType: 'application/vnd.docker.container.image.v1+json', ...config },
      layers: [{ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', ...layer }],
    })
  })
}
