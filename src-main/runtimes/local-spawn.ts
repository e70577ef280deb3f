import childProcess, { type ChildProcessWithoutNullStreams } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { GatewayError } from '../../src-shared/errors.ts'
import { childEnvironment } from './child-environment.ts'
import { failed, type LoginEnvironment } from './login-environment.ts'
import type { LaunchDefinition } from './runtime.ts'

/** All that the system is told to start one instance. */
export interface SpawnPlan {
  command: string
  file: string
  args: readonly string[]
  cwd: string
  env: Record<string, string>
  isWindows: boolean
}

/**
 * Decides program, folder and environment. Throws `server_failed` for what can be said before anything is started:
 * a missing command or working_dir.
 */
export async function planSpawn(
  definition: LaunchDefinition,
  environment: LoginEnvironment,
  marker: Record<string, string>,
): Promise<SpawnPlan> {
  const { runtime, serverId, baseDir, env } = definition
  if (runtime.type !== 'local-process') {
    throw new GatewayError('internal', `${serverId} is no local process but ${runtime.type}.`)
  }
  const cwd = path.resolve(baseDir, runtime.working_dir ?? '.')
  if (!fs.statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) {
    const why = fs.existsSync(cwd) ? 'is not a folder' : 'does not exist'
    throw failed(
      serverId,
      `Its working_dir ${cwd} ${why}. Create it, or correct working_dir.`,
      `working_dir: ${runtime.working_dir ?? '(the folder of the catalog)'}`,
    )
  }
  const isWindows = environment.platform === 'win32'
  const ownPath = Object.entries(env).find(
    ([name]) => name === 'PATH' || (isWindows && name.toUpperCase() === 'PATH'),
  )?.[1]
  const found = await environment.resolveCommand(runtime.command, {
    serverId,
    cwd,
    baseDir,
    searchPath: ownPath,
  })
  return {
    command: runtime.command,
    file: found.file,
    args: runtime.args,
    cwd,
    isWindows,
    env: childEnvironment({
      inherited: environment.all(),
      inheritEnv: definition.inheritEnv,
      own: env,
      path: found.path,
      marker,
      platform: environment.platform,
    }),
  }
}

/** Resolves once the system has started the program. No shell is involved. Throws `server_failed`. */
export async function spawnChild(
  serverId: string,
  plan: SpawnPlan,
): Promise<ChildProcessWithoutNullStreams> {
  const { file, args, cwd, env } = plan
  const options = { cwd, env, stdio: 'pipe', windowsHide: true } as const
  try {
    // On Windows .cmd files need cmd.exe and its quoting; cross-spawn knows how.
    const crossSpawn = plan.isWindows ? (await import('cross-spawn')).default : undefined
    const child = crossSpawn
      ? requireStreams(crossSpawn(file, args, options))
      : childProcess.spawn(file, args, { ...options, detached: true })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
    return child
  } catch (error) {
    throw spawnFailure(serverId, plan, error)
  }
}

function requireStreams(child: childProcess.ChildProcess): ChildProcessWithoutNullStreams {
  const { stdin, stdout, stderr } = child
  if (stdin === null || stdout === null || stderr === null)
    throw new Error('The pipes are missing.')
  return Object.assign(child, {
    stdin,
    stdout,
    stderr,
    stdio: [stdin, stdout, stderr, null, null] as const,
  })
}

function spawnFailure(serverId: string, plan: SpawnPlan, error: unknown): GatewayError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const reasons: Record<string, string> = {
    // The file is there, or it would not have been found: so the interpreter of its first line is not.
    ENOENT: `The program that the first line of ${plan.file} names (#!) was not found. Install it, or correct that line.`,
    EACCES: `${plan.file} may not be executed by this user. Change its permissions, or choose another command.`,
    ENOEXEC: `${plan.file} is not a program for this machine. Install the right one.`,
    E2BIG: 'Its arguments and environment are too large. Shorten args, env or inherit_env.',
    EAGAIN:
      'The system allows no more processes. Stop some servers, or raise the limit (ulimit -u).',
    EMFILE:
      'The gateway has too many files open. Stop some servers, or raise the limit (ulimit -n).',
  }
  const message = error instanceof Error ? error.message : String(error)
  const known = typeof code === 'string' ? reasons[code] : undefined
  return failed(serverId, known ?? `The system could not start ${plan.file}: ${message}.`, error)
}
