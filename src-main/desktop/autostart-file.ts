import fs from 'node:fs'
import path from 'node:path'

export interface AutostartOptions {
  executable: string
  args: readonly string[]
  env: Readonly<Record<string, string | undefined>>
  homedir: string
}

/** The desktop entry by which Linux desktops start an app at login (freedesktop.org, Desktop Application Autostart). */
export class Autostart {
  readonly file: string
  private readonly command: readonly string[]

  constructor({ executable, args, env, homedir }: AutostartOptions) {
    const base = env['XDG_CONFIG_HOME']
    // The XDG specification wants relative paths to be ignored.
    const config =
      base !== undefined && path.isAbsolute(base) ? base : path.join(homedir, '.config')
    this.file = path.join(config, 'autostart', 'open-mcp-gateway.desktop')
    this.command = [executable, ...args]
  }

  /** False as well where the desktop's own settings have switched it off. */
  isOn(): boolean {
    const text = this.read()
    return text !== undefined && !/^(Hidden=true|X-GNOME-Autostart-enabled=false)\s*$/m.test(text)
  }

  /** Throws if the folder cannot be written to. */
  set(on: boolean): void {
    if (on) this.write()
    else fs.rmSync(this.file, { force: true })
  }

  /** The app may have moved since: what is on stays on. */
  repair(): void {
    try {
      if (this.isOn() && this.read() !== this.text()) this.write()
    } catch {
      // Read-only: it starts what it started before.
    }
  }

  private read(): string | undefined {
    try {
      return fs.readFileSync(this.file, 'utf8')
    } catch {
      return undefined
    }
  }

  /** Whole or not at all; a link to elsewhere is replaced, never followed. */
  private write(): void {
    const draft = `${this.file}.${process.pid}`
    fs.mkdirSync(path.dirname(this.file), { recursive: true, mode: 0o700 })
    fs.writeFileSync(draft, this.text(), { mode: 0o600 })
    fs.renameSync(draft, this.file)
  }

  private text(): string {
    return `[Desktop Entry]
Type=Application
Name=Open MCP Gateway
Comment=One endpoint in front of all of your MCP servers
Exec=${this.command.map(quoted).join(' ')}
Icon=open-mcp-gateway
Terminal=false
X-GNOME-Autostart-enabled=true
`
  }
}

/**
 * An argument of `Exec`: in double quotes with the shell's special characters escaped, the backslash twice (once for
 * the string, once for the key's value), and `%` doubled, since it begins a field code.
 */
function quoted(argument: string): string {
  if (/[\n\r]/.test(argument))
    throw new Error(`A desktop entry cannot start a program whose path has line ends: ${argument}`)
  const escaped = argument.replaceAll(/["`$\\]/g, String.raw`\$&`).replaceAll('\\', '\\\\')
  const plain = /^[A-Za-z0-9_./=+:@-]+$/.test(argument)
  return (plain ? argument : `"${escaped}"`).replaceAll('%', '%%')
}
