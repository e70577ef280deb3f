/** The window alone, into dist/ui, for whoever works on it: the programs stay as they are. */
import fs from 'node:fs'
import path from 'node:path'
import { createBuilder } from 'vite'

process.chdir(path.join(import.meta.dirname, '..'))
const draft = path.join('.build', `dist-${process.pid}`)
const builder = await createBuilder({ configFile: 'vite.config.ts', logLevel: 'warn' })
await builder.build(builder.environments.client)
fs.cpSync(path.join(draft, 'ui', 'assets'), path.join('dist', 'ui', 'assets'), { recursive: true })
fs.renameSync(path.join(draft, 'ui', 'index.html'), path.join('dist', 'ui', 'index.html'))
fs.rmSync(draft, { recursive: true })
