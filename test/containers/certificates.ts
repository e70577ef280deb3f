import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** A CA, a server's certificate for 127.0.0.1 and a client's, as Docker's documentation makes them. */
export interface Certificates {
  /** `DOCKER_CERT_PATH`: ca.pem, cert.pem, key.pem. */
  clientFolder: string
  server: { ca: Buffer; cert: Buffer; key: Buffer }
}

export function makeCertificates(folder: string): Certificates {
  const clientFolder = path.join(folder, 'client')
  mkdirSync(clientFolder)
  const file = (name: string): string => path.join(folder, name)
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { stdio: 'pipe', cwd: folder })
  }
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-days',
    '2',
    '-subj',
    '/CN=ca',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  )
  for (const [name, extensions] of [
    ['server', 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n'],
    ['client', 'extendedKeyUsage=clientAuth\n'],
  ] as const) {
    writeFileSync(file(`${name}.ext`), extensions)
    openssl(
      'req',
      ...newKey,
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
    )
    openssl(
      'x509',
      '-req',
      '-days',
      '2',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.crt`,
    )
  }
  const copy = (from: string, to: string): void =>
    writeFileSync(path.join(clientFolder, to), readFileSync(file(from)))
  copy('ca.pem', 'ca.pem')
  copy('client.crt', 'cert.pem')
  copy('client.key', 'key.pem')
  return {
    clientFolder,
    server: {
      ca: readFileSync(file('ca.pem')),
      cert: readFileSync(file('server.crt')),
      key: readFileSync(file('server.key')),
    },
  }
}
