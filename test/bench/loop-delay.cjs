'use strict'
// Preloaded into the gateway (`node --require`, with an IPC channel): reports the longest block of its
// event loop since the last question. A block of n ms shows as n plus the timer's own period, which is taken off.
const { monitorEventLoopDelay } = require('node:perf_hooks')

const periodMs = 1
const histogram = monitorEventLoopDelay({ resolution: periodMs })
histogram.enable()
process.on('message', (question) => {
  if (question !== 'longest-block') return
  const longest = histogram.max / 1e6 - periodMs
  histogram.reset()
  process.send({ longestBlockMs: Math.max(0, longest) })
})
process.channel.unref()
