import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import os from 'node:os'

/** Settings that keep a start-up file from doing more than setting variables. */
const quiet = {
  DISABLE_AUTO_UPDATE: 'true', // Oh My Zsh asks whether to update
  ZSH_TMUX_AUTOSTART: 'false',
  ZSH_TMUX_AUTOSTARTED: 'true',
}
const maxOutputBytes = 4 * 1024 * 1024

/** The login shell of the user, as the system knows it. */
export function loginShell(env: Readonly<Record<string, string | undefined>>): string {
  try {
    const { shell } = os.userInfo()
    if (shell && !/\/(nologin|false)$/.test(shell)) return shell
  } catch {
    // A container may run under a user id that has no name.
  }
  return env['SHELL'] ?? (process.platform === 'darwin' ? '/bin/zsh' : '/bin/sh')
}

/**
 * Asks the user's shell, started as at a login, for the environment it sets up. Shells that do not speak
 * POSIX (nushell) are replaced by zsh, bash or sh. The shell and what it started are gone when this settles.
 * Rejects with what went wrong, after `timeoutMs` at the latest.
 */
export async function readLoginEnvironment(
  shell: string,
  env: Readonly<Record<string, string | undefined>>,
  timeoutMs: number,
): Promise<Record<string, string>> {
  const deadline = performance.now() + timeoutMs
  const shells = new Set([shell, '/bin/zsh', '/bin/bash', '/bin/sh'])
  let failure = new Error(`There is no shell ${shell}.`)
  for (const candidate of [...shells].filter((file) => existsSync(file))) {
    try {
      return await ask(candidate, env, deadline - performance.now())
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error))
      if (performance.now() >= deadline) break
    }
  }
  throw failure
}

function ask(
  shell: string,
  env: Readonly<Record<string, string | undefined>>,
  timeoutMs: number,
): Promise<Record<string, string>> {
  const mark = `gateway-${randomBytes(8).toString('hex')}`
  // `command` goes past aliases; -0 keeps values of several lines whole where env knows it.
  const script = `echo ${mark}; command env -0 2>/dev/null || command env; echo ${mark}; exit`
  return new Promise((resolve, reject) => {
    const child = spawn(shell, ['-ilc', script], {
      // In a session of its own: an interactive shell would else fight for the terminal and be stopped.
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...env, ...quiet },
      cwd: os.homedir(),
    })
    const output: Buffer[] = []
    let bytes = 0
    const finish = (settle: () => void) => {
      clearTimeout(timer)
      child.stdout.removeAllListeners('data').destroy()
      // A start-up file may have left something running in the background.
      if (child.pid !== undefined) killGroup(child.pid)
      settle()
    }
    const tryToFinish = (failure: string) => {
      const found = parse(Buffer.concat(output).toString(), mark)
      finish(() => (found === undefined ? reject(new Error(failure)) : resolve(found)))
    }
    let timer = setTimeout(() => {
      tryToFinish(`${shell} did not answer within ${(timeoutMs / 1000).toFixed(0)} s.`)
    }, timeoutMs)
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      output.push(chunk)
      if (bytes > maxOutputBytes) finish(() => reject(new Error(`${shell} printed too much.`)))
      else if (chunk.includes(mark)) {
        const found = parse(Buffer.concat(output).toString(), mark)
        if (found !== undefined) finish(() => resolve(found))
      }
    })
    child.once('error', (error) => finish(() => reject(error)))
    child.once('exit', (code) => {
      const failure = `${shell} exited with code ${code} and told nothing.`
      child.stdout.once('end', () => tryToFinish(failure))
      // What a start-up file left in the background may hold stdout open for ever.
      clearTimeout(timer)
      timer = setTimeout(() => tryToFinish(failure), 200)
    })
  })
}

function parse(output: string, mark: string): Record<string, string> | undefined {
  const [, listing, rest] = output.split(mark)
  if (listing === undefined || rest === undefined) return undefined
  const text = listing.replace(/^\r?\n/, '')
  const result: Record<string, string> = {}
  const isExact = text.includes('\0')
  let last: string | undefined
  for (const line of text.split(isExact ? '\0' : '\n')) {
    const equals = line.indexOf('=')
    const name = line.slice(0, Math.max(equals, 0))
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      result[name] = line.slice(equals + 1)
      last = name
    } else if (!isExact && last !== undefined) {
      result[last] += `\n${line}`
    }
  }
  // What is the shell's own affair and not its user's settings.
  for (const name of [...Object.keys(quiet), 'SHLVL', 'PWD', 'OLDPWD', '_']) delete result[name]
  return Object.keys(result).length > 0 ? result : undefined
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nothing is left of it.
  }
}
