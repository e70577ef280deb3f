import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Autostart } from '../../src-main/desktop/autostart-file.ts'

function home(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'autostart-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true }))
  return folder
}

function autostart(homedir: string, executable = '/opt/Open MCP Gateway/open-mcp-gateway') {
  return new Autostart({ executable, args: ['--hidden'], env: {}, homedir })
}

test('on writes one entry that starts hidden, off removes it', () => {
  const item = autostart(home())
  expect(item.isOn()).toBe(false)
  item.set(true)
  expect(item.isOn()).toBe(true)
  const text = fs.readFileSync(item.file, 'utf8')
  expect(text).toMatch(/^\[Desktop Entry\]\nType=Application\n/)
  expect(text).toContain('\nExec="/opt/Open MCP Gateway/open-mcp-gateway" --hidden\n')
  expect(fs.readdirSync(path.dirname(item.file))).toEqual(['open-mcp-gateway.desktop'])
  item.set(false)
  item.set(false)
  expect(item.isOn()).toBe(false)
  expect(fs.existsSync(item.file)).toBe(false)
})

test('it goes where XDG_CONFIG_HOME says, and a relative one is ignored', () => {
  const homedir = home()
  const file = (value: string) =>
    new Autostart({ executable: '/a', args: [], env: { XDG_CONFIG_HOME: value }, homedir }).file
  expect(file('/elsewhere')).toBe('/elsewhere/autostart/open-mcp-gateway.desktop')
  expect(file('relative')).toBe(
    path.join(homedir, '.config', 'autostart', 'open-mcp-gateway.desktop'),
  )
})

test.each(['Hidden=true', 'X-GNOME-Autostart-enabled=false'])(
  "what the desktop's own settings have switched off (%s) is off, and stays so",
  (line) => {
    const item = autostart(home())
    item.set(true)
    const text = fs.readFileSync(item.file, 'utf8').replace(/X-GNOME.*\n/, `${line}\n`)
    fs.writeFileSync(item.file, text)
    expect(item.isOn()).toBe(false)
    item.repair()
    expect(fs.readFileSync(item.file, 'utf8')).toBe(text)
  },
)

test('an app that has moved is still started', () => {
  const homedir = home()
  autostart(homedir, '/old/app.AppImage').set(true)
  autostart(homedir, '/new/app.AppImage').repair()
  expect(fs.readFileSync(autostart(homedir).file, 'utf8')).toContain(
    'Exec=/new/app.AppImage --hidden\n',
  )
})

test('what is off is not switched on by repairing', () => {
  const item = autostart(home())
  item.repair()
  expect(fs.existsSync(item.file)).toBe(false)
})

test('a link in its place is replaced, what it points to stays', () => {
  const homedir = home()
  const item = autostart(homedir)
  const other = path.join(homedir, 'other')
  fs.writeFileSync(other, 'precious')
  fs.mkdirSync(path.dirname(item.file), { recursive: true })
  fs.symlinkSync(other, item.file)
  item.set(true)
  expect(fs.readFileSync(other, 'utf8')).toBe('precious')
  expect(fs.lstatSync(item.file).isSymbolicLink()).toBe(false)
})

test.each(['/a b/$HOME/`id`', String.raw`/quote"s/back\slash`, '/percent %f', '/plain/app'])(
  'a shell that reads the entry gets the very path %s',
  (executable) => {
    const item = autostart(home(), executable)
    item.set(true)
    const [, exec = ''] = /^Exec=(.*)$/m.exec(fs.readFileSync(item.file, 'utf8')) ?? []
    // As a desktop reads it: the key's value is unescaped, then the words are taken, then field codes are replaced.
    const command = exec.replaceAll(/\\(.)/g, '$1').replaceAll('%%', '%')
    const words = execFileSync('/bin/sh', ['-c', `printf '%s\\n' ${command}`], { encoding: 'utf8' })
    expect(words).toBe(`${executable}\n--hidden\n`)
  },
)

test('a path that no entry can hold is refused, and nothing is written', () => {
  const item = autostart(home(), '/a\nb')
  expect(() => item.set(true)).toThrow(/line ends/)
  expect(fs.existsSync(item.file)).toBe(false)
})
