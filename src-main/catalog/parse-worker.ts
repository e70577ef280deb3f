import { parentPort, workerData } from 'node:worker_threads'
import { runTask, type CatalogTask } from './catalog-task.ts'

/** Entry of the worker thread that `runOffThread` starts: one task, one reply. */
function isTask(data: unknown): data is CatalogTask {
  return typeof data === 'object' && data !== null && 'kind' in data && 'text' in data
}

if (isTask(workerData)) parentPort?.postMessage(runTask(workerData))
