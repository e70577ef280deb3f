#!/usr/bin/env node
import v8 from 'node:v8'
import { runShim } from '../shim/run-shim.ts'

// A pipe for some messages a second needs the cheaper of the two optimising compilers and no more: without either it
// takes twice the time per message, with both six megabytes more.
v8.setFlagsFromString('--no-opt --no-maglev-inlining')

runShim(process.argv.slice(2))
