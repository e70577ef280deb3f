#!/usr/bin/env node
import v8 from 'node:v8'
import { runShim } from '../shim/run-shim.ts'

// A pipe for some messages a second needs no optimising compiler, which takes several megabytes.
v8.setFlagsFromString('--no-opt --no-maglev --no-lazy-feedback-allocation')

runShim(process.argv.slice(2))
