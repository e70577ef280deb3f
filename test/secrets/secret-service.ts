import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { LineFramer } from '../../src-main/runtimes/framing.ts'
import { eventually } from '../support/eventually.ts'

const hasProgram = (name: string): boolean => spawnSync(name, ['--version']).error === undefined

/** True where the tests can have a Secret Service of their own. */
export const canRunSecretService =
  process.platform === 'linux' && hasProgram('dbus-daemon') && hasProgram('gnome-keyring-daemon')

/**
 * A session bus with GNOME's keyring behind it, on folders of its own, which this process and its children use until
 * `close`. It begins without a service.
 */
export class SecretService {
  readonly #before = { ...process.env }
  readonly #bus: ChildProcess
  #daemon: ChildProcess | undefined
  readonly dir: string

  private constructor(dir: string, bus: ChildProcess) {
    this.dir = dir
    this.#bus = bus
  }

  static async open(): Promise<SecretService> {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'secret-service-'))
    const config = path.join(dir, 'bus.conf')
    // The system's own configuration would start the service of whoever runs the tests.
    fs.writeFileSync(
      config,
      `<busconfig><type>session</type><listen>unix:path=${dir}/bus</listen>
       <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
       </busconfig>`,
    )
    const bus = spawn('dbus-daemon', [`--config-file=${config}`, '--nofork', '--print-address'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const address = await new Promise<string>((resolve) => {
      const framer = new LineFramer((line) => resolve(line.toString('utf8')))
      bus.stdout?.on('data', (chunk: Buffer) => framer.push(chunk))
    })
    const service = new SecretService(dir, bus)
    fs.mkdirSync(path.join(dir, 'run'), { mode: 0o700 })
    process.env['DBUS_SESSION_BUS_ADDRESS'] = address
    process.env['XDG_RUNTIME_DIR'] = path.join(dir, 'run')
    process.env['HOME'] = dir
    delete process.env['XDG_DATA_HOME']
    return service
  }

  /** The variables that lead a child process here. */
  get env(): NodeJS.ProcessEnv {
    const { DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR } = process.env
    return { DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR }
  }

  /** `unlocked`: the login keyring is open, and made at the first time. */
  async start({ unlocked }: { unlocked: boolean }): Promise<void> {
    const args = ['--foreground', '--components=secrets', unlocked ? '--unlock' : '--start']
    const daemon = spawn(
      'gnome-keyring-daemon',
      args.filter((arg) => arg !== '--start'),
      {
        stdio: ['pipe', 'ignore', 'ignore'],
      },
    )
    this.#daemon = daemon
    daemon.stdin?.end(unlocked ? 'password of the tests\n' : '')
    await eventually(() => {
      const { status } = spawnSync('dbus-send', [
        '--session',
        '--print-reply',
        '--dest=org.freedesktop.secrets',
        ...(unlocked
          ? ['/org/freedesktop/secrets/collection/login', 'org.freedesktop.DBus.Peer.Ping']
          : ['/org/freedesktop/secrets', 'org.freedesktop.DBus.Peer.Ping']),
      ])
      if (status !== 0) throw new Error('The keyring does not answer yet.')
    })
  }

  async stop(): Promise<void> {
    if (this.#daemon) await ended(this.#daemon)
    this.#daemon = undefined
  }

  async close(): Promise<void> {
    await this.stop()
    await ended(this.#bus)
    for (const name of Object.keys(process.env)) delete process.env[name]
    Object.assign(process.env, this.#before)
    fs.rmSync(this.dir, { recursive: true, force: true, maxRetries: 3 })
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await exit
}
