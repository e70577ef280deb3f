import { execFile } from 'node:child_process'

/** Each asks the session's D-Bus whether some panel shows tray icons; desktops have the one or the other. */
const questions = [
  [
    'gdbus',
    'call --session --timeout 2 --dest org.freedesktop.DBus --object-path /org/freedesktop/DBus ' +
      '--method org.freedesktop.DBus.NameHasOwner org.kde.StatusNotifierWatcher',
  ],
  [
    'dbus-send',
    '--session --print-reply --reply-timeout=2000 --dest=org.freedesktop.DBus ' +
      '/org/freedesktop/DBus org.freedesktop.DBus.NameHasOwner string:org.kde.StatusNotifierWatcher',
  ],
] as const

/**
 * Whether a tray icon would be seen. GNOME has no tray, and Electron does not say so: without a
 * StatusNotifierWatcher on Linux there is none. When it cannot be told, there is none, too: a window that stays in the
 * taskbar is found, one that has gone into a tray that does not exist is not.
 */
export async function hasTrayHost(): Promise<boolean> {
  if (process.platform !== 'linux') return true
  for (const [program, args] of questions) {
    const answer = await output(program, args.split(' '))
    if (answer !== undefined) return /\btrue\b/.test(answer)
  }
  return false
}

function output(program: string, args: string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: 3_000 }, (error, stdout) =>
      resolve(error === null ? stdout : undefined),
    )
  })
}
