import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { defineConfig } from 'vite'
import type { BuildEnvironmentOptions, EnvironmentOptions, Plugin } from 'vite'

/**
 * The programs, as CommonJS with all dependencies inside: Node starts them faster than ESM, and an ESM import of
 * node:http would load undici. What is imported lazily becomes a chunk of its own.
 */
const programs = {
  'gateway-http': 'src-main/bin/gateway-http.ts',
  gateway: 'src-main/bin/gateway.ts',
  'parse-worker': 'src-main/catalog/parse-worker.ts',
}

/** Built here and moved to dist/ when complete: programs may be started from there at any moment. */
const draft = `.build/dist-${process.pid}`

function environment(input: Record<string, string>, oneFile: boolean): EnvironmentOptions {
  const build: BuildEnvironmentOptions = {
    target: 'node22.12',
    outDir: draft,
    emptyOutDir: false,
    minify: true,
    sourcemap: false,
    reportCompressedSize: false,
    rolldownOptions: {
      input,
      platform: 'node',
      external: [...builtinModules, /^node:/],
      output: {
        format: 'cjs',
        entryFileNames: '[name].cjs',
        chunkFileNames: 'chunks/[name]-[hash].cjs',
        codeSplitting: !oneFile,
      },
    },
  }
  return { consumer: 'server', resolve: { noExternal: true }, build }
}

const builds: Record<string, EnvironmentOptions> = {
  main: environment(programs, false),
  shim: environment({ 'gateway-stdio': 'src-main/bin/gateway-stdio.ts' }, true),
}

/** Old Nodes are told what is wrong before they meet syntax that they do not know. */
const guard =
  "(function(v){if(v[0]<22||v[0]==22&&v[1]<12){process.stderr.write('Open MCP Gateway needs Node 22.12 or newer; this is '+process.version+' ('+process.execPath+').\\n');process.exit(1)}})(process.versions.node.split('.'))"

const executables: Plugin = {
  name: 'executables',
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

/** Chunks first, since the programs name them; each file appears whole. */
function publish(): void {
  mkdirSync('dist/chunks', { recursive: true })
  // Not the last build's: a gateway that runs from it may yet load some.
  for (const name of readdirSync('dist/chunks'))
    if (statSync(`dist/chunks/${name}`).mtimeMs < Date.now() - 3_600_000)
      rmSync(`dist/chunks/${name}`)
  for (const name of readdirSync(`${draft}/chunks`))
    renameSync(`${draft}/chunks/${name}`, `dist/chunks/${name}`)
  for (const name of readdirSync(draft))
    if (name.endsWith('.cjs')) renameSync(`${draft}/${name}`, `dist/${name}`)
  rmSync(draft, { recursive: true })
}

export default defineConfig({
  appType: 'custom',
  publicDir: false,
  plugins: [executables],
  environments: builds,
  builder: {
    async buildApp(builder) {
      for (const environment of Object.values(builder.environments))
        if (environment.name in builds) await builder.build(environment)
      publish()
    },
  },
})
