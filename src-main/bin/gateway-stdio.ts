#!/usr/bin/env node
import v8 from 'node:v8'
import { runShim } from '../shim/run-shim.ts'

// A pipe for some messages a second needs only the cheaper of the two optimising compilers: without either it takes a
// quarter longer per message, with all three it takes six megabytes more.
v8.setFlagsFromString('--no-opt --no-maglev-inlining --no-sparkplug')

runShim(process.argv.slice(2))
