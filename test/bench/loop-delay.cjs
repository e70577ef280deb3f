'use strict'
// Preloaded into the gateway (`node --require`, with an IPC channel): reports the longest block of its
// event loop since the last question, by the clock and in processor time of its thread. On a busy machine
// the clock also counts the time in which another program had the core.
const periodMs = 1
let clock = performance.now()
let processor = process.threadCpuUsage()
let longest = { clockMs: 0, processorMs: 0 }

setInterval(() => {
  const now = performance.now()
  const used = process.threadCpuUsage(processor)
  longest.clockMs = Math.max(longest.clockMs, now - clock - periodMs)
  longest.processorMs = Math.max(longest.processorMs, (used.user + used.system) / 1000)
  clock = now
  processor = process.threadCpuUsage()
}, periodMs).unref()

process.on('message', (question) => {
  if (question !== 'longest-block') return
  process.send(longest)
  longest = { clockMs: 0, processorMs: 0 }
})
process.channel.unref()
