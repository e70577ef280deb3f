/** Starts an app as Electron does: its main script first, then the browser, then `ready`. */
import fs from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { app } from './app.ts'
import { unpackedAsar } from './asar.ts'
import { startEngine } from './engine.ts'
import { becomeElectron, executablePath } from './identity.ts'
import { watchPages } from './pages.ts'
import { schemes } from './protocol.ts'

interface Manifest {
  name?: string
  productName?: string
  version?: string
  main?: string
}

const standIn = pathToFileURL(path.join(import.meta.dirname, 'electron.ts')).href
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' || specifier === 'electron/main'
      ? { url: standIn, format: 'module-typescript', shortCircuit: true }
      : next(specifier, context),
})

const executable = executablePath()
const args = process.argv.slice(2)
process.argv = [executable, ...args]
becomeElectron(executable)
Object.defineProperty(process, 'type', { value: 'browser' })
const resources = path.join(path.dirname(executable), 'resources')
Object.defineProperty(process, 'resourcesPath', { value: resources })

const archive = path.join(resources, 'app.asar')
const isPackaged = fs.existsSync(archive)
const given = args.find((argument) => !argument.startsWith('-'))
if (!isPackaged && given === undefined) throw new Error('Which app? electron <folder>')
const manifestOf = (folder: string): Manifest =>
  JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'))

const appPath = isPackaged
  ? unpackedAsar(archive, path.join(resources, `unpacked-${process.pid}`))
  : path.resolve(given ?? '')
if (isPackaged) process.on('exit', () => fs.rmSync(appPath, { recursive: true, force: true }))
const manifest = manifestOf(appPath)
const name = manifest.productName ?? manifest.name ?? 'Electron'
const configHome = process.env['XDG_CONFIG_HOME'] ?? path.join(os.homedir(), '.config')

app.prepare({
  executable,
  appPath,
  name,
  version: manifest.version ?? '0.0.0',
  isPackaged,
  userData: path.join(configHome, name),
})
createRequire(import.meta.url)(path.join(appPath, manifest.main ?? 'index.js'))
const chromium = await startEngine({
  profile: path.join(app.getPath('userData'), 'chromium'),
  debuggingPort: switchValue('remote-debugging-port'),
})
await watchPages(chromium)
chromium.events.once('gone', () => app.exit(1))
schemes.isReady = true
app.begin(chromium)

function switchValue(name: string): string | undefined {
  const start = `--${name}=`
  return args.find((argument) => argument.startsWith(start))?.slice(start.length)
}
