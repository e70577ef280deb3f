import { createHash } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { builtinModules } from 'node:module'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import type { BuildEnvironmentOptions, EnvironmentOptions, Plugin } from 'vite'

/**
 * The programs, as CommonJS with all dependencies inside: Node starts them faster than ESM, and an ESM import of
 * node:http would load undici. What is imported lazily becomes a chunk of its own.
 */
const programs = {
  gateway: 'src-main/bin/gateway.ts',
  'parse-worker': 'src-main/catalog/parse-worker.ts',
}

/** Built here and moved to dist/ when complete: programs may be started from there at any moment. */
const draft = path.resolve(`.build/dist-${process.pid}`)
const renderer = path.resolve('src-renderer')

interface Entries {
  input: Record<string, string>
  /** Everything in the entry's own file. */
  oneFile?: boolean
  /** Below dist/, with a slash at its end. */
  folder?: string
  external?: string[]
}

function environment({
  input,
  oneFile = false,
  folder = '',
  external = [],
}: Entries): EnvironmentOptions {
  const build: BuildEnvironmentOptions = {
    target: 'node22.12',
    outDir: draft,
    emptyOutDir: false,
    minify: true,
    license: { fileName: `licenses/${Object.keys(input)[0]}.md` },
    sourcemap: false,
    reportCompressedSize: false,
    rolldownOptions: {
      input: Object.fromEntries(
        Object.entries(input).map(([name, file]) => [name, path.resolve(file)]),
      ),
      platform: 'node',
      // A native module, loaded when a secret is: packages have it in resources/node_modules.
      external: [...builtinModules, /^node:/, '@napi-rs/keyring', ...external],
      output: {
        format: 'cjs',
        entryFileNames: `${folder}[name].cjs`,
        chunkFileNames: 'chunks/[name]-[hash].cjs',
        codeSplitting: !oneFile,
      },
    },
  }
  return { consumer: 'server', resolve: { noExternal: true }, build }
}

/** The window: the same files for the browser (http://…/ui/) and the desktop app (app://gateway/). */
const client: EnvironmentOptions = {
  build: {
    // light-dark() and constructed style sheets need no help from these on.
    target: ['chrome123', 'firefox125', 'safari17.5'],
    outDir: `${draft}/ui`,
    emptyOutDir: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: 'licenses/window.md' },
    reportCompressedSize: false,
    // The code editor, which is loaded with its screen.
    chunkSizeWarningLimit: 1000,
    rolldownOptions: {
      input: `${renderer}/index.html`,
      output: {
        entryFileNames: `assets/[name]-[hash]-${windowVersion()}.js`,
        chunkFileNames: `assets/[name]-[hash]-${windowVersion()}.js`,
      },
    },
  },
}

/**
 * In the name of each script beside its hash: rolldown takes that before it names the exports, so that two builds could
 * give the same name to scripts that do not fit together, and browsers keep them for a year.
 */
function windowVersion(): string {
  const hash = createHash('sha256')
  for (const folder of ['src-renderer', 'src-shared'])
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
      const file = path.join(folder, name)
      if (statSync(file).isFile()) hash.update(name).update(readFileSync(file))
    }
  for (const file of ['package-lock.json', 'vite.config.ts']) hash.update(readFileSync(file))
  return hash.digest('hex').slice(0, 8)
}

const builds: Record<string, EnvironmentOptions> = {
  main: environment({ input: programs }),
  // By itself: what programs share lies in chunks, and each chunk costs a start a third of a millisecond.
  server: environment({ input: { 'gateway-http': 'src-main/bin/gateway-http.ts' } }),
  shim: environment({ input: { 'gateway-stdio': 'src-main/bin/gateway-stdio.ts' }, oneFile: true }),
  desktop: environment({
    input: { main: 'src-main/desktop/main.ts' },
    folder: 'desktop/',
    external: ['electron'],
  }),
  // A sandboxed preload script can load no other file.
  preload: environment({
    input: { preload: 'src-main/desktop/preload.ts' },
    oneFile: true,
    folder: 'desktop/',
    external: ['electron'],
  }),
  client,
}

/** Old Nodes are told what is wrong before they meet syntax that they do not know. */
const guard =
  "(function(v){if(v[0]<22||v[0]==22&&v[1]<12){process.stderr.write('Open MCP Gateway needs Node 22.12 or newer; this is '+process.version+' ('+process.execPath+').\\n');process.exit(1)}})(process.versions.node.split('.'))"

const executables: Plugin = {
  name: 'executables',
  applyToEnvironment: ({ name }) => ['main', 'server', 'shim'].includes(name),
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type !== 'chunk' || !chunk.isEntry) continue
      const code = chunk.code.replace(/^#!.*\n/, '').replace(/^"use strict";\s*/, '')
      chunk.code = `#!/usr/bin/env node\n"use strict";${guard};\n${code}`
    }
  },
  writeBundle({ dir }, bundle) {
    for (const chunk of Object.values(bundle))
      if (chunk.type === 'chunk' && chunk.isEntry) chmodSync(`${dir}/${chunk.fileName}`, 0o755)
  },
}

const initialLimit = 350 * 1024

/** What the first screen loads before anything is shown: the build fails where it grows past the limit. */
const initialSize: Plugin = {
  name: 'initial-size',
  applyToEnvironment: ({ name }) => name === 'client',
  generateBundle: {
    order: 'post',
    handler(_, bundle) {
      const entry = Object.values(bundle).find((one) => one.type === 'chunk' && one.isEntry)
      const initial = new Set<string>()
      const add = (fileName: string) => {
        const chunk = bundle[fileName]
        if (chunk === undefined || initial.has(fileName)) return
        initial.add(fileName)
        if (chunk.type !== 'chunk') return
        for (const name of chunk.imports) add(name)
        for (const name of chunk.viteMetadata?.importedCss ?? []) add(name)
      }
      if (entry !== undefined) add(entry.fileName)
      let size = 0
      for (const name of initial) {
        const one = bundle[name]
        if (one !== undefined)
          size += gzipSync(one.type === 'chunk' ? one.code : one.source).byteLength
      }
      const inKb = `${Math.round(size / 1024)} KB`
      this.info(`initial scripts and styles: ${inKb} gzip`)
      if (size > initialLimit)
        this.error(`The window loads ${inKb} gzip at first; the limit is 350 KB. Load more lazily.`)
    },
  },
}

/** Files with hashed names first, since the others name them; each file appears whole. */
function publish(): void {
  publishHashed('chunks')
  for (const name of readdirSync(draft))
    if (name.endsWith('.cjs')) renameSync(`${draft}/${name}`, `dist/${name}`)
  mkdirSync('dist/desktop', { recursive: true })
  for (const name of readdirSync(`${draft}/desktop`))
    renameSync(`${draft}/desktop/${name}`, `dist/desktop/${name}`)
  publishHashed('ui/assets')
  renameSync(`${draft}/ui/index.html`, 'dist/ui/index.html')
  publishLicenses()
  rmSync(draft, { recursive: true })
}

/** What the bundled packages ask to be passed on. */
function publishLicenses(): void {
  mkdirSync('dist/licenses', { recursive: true })
  for (const folder of [`${draft}/licenses`, `${draft}/ui/licenses`])
    for (const name of readdirSync(folder)) renameSync(`${folder}/${name}`, `dist/licenses/${name}`)
}

function publishHashed(folder: string): void {
  mkdirSync(`dist/${folder}`, { recursive: true })
  // Not the last build's: a gateway or a window that runs from it may yet load some.
  for (const name of readdirSync(`dist/${folder}`))
    if (statSync(`dist/${folder}/${name}`).mtimeMs < Date.now() - 3_600_000)
      rmSync(`dist/${folder}/${name}`)
  for (const name of readdirSync(`${draft}/${folder}`))
    renameSync(`${draft}/${folder}/${name}`, `dist/${folder}/${name}`)
}

export default defineConfig({
  appType: 'custom',
  root: renderer,
  base: './',
  publicDir: false,
  cacheDir: path.resolve('node_modules/.vite'),
  plugins: [react(), tailwindcss(), executables, initialSize],
  // Its <style> element would break the CSP.
  resolve: { alias: { 'react-style-singleton': `${renderer}/style-singleton.ts` } },
  environments: builds,
  builder: {
    async buildApp(builder) {
      for (const environment of Object.values(builder.environments))
        if (environment.name in builds) await builder.build(environment)
      publish()
    },
  },
})
