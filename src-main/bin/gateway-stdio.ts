#!/usr/bin/env node
import v8 from 'node:v8'
import { runShim } from '../shim/run-shim.ts'

// A pipe for some messages a second needs no optimising compiler; without, it takes five megabytes less.
v8.setFlagsFromString('--no-opt --no-maglev')

runShim(process.argv.slice(2))
