import type { Json, SdkClient } from './sdk-client.ts'
import { answerOf, withoutTime } from './transcript.ts'
import type { Step, Transcript } from './transcript.ts'

const tool = (name: string, args: Json = {}, note = ''): Step => ({
  label: `tool ${name}${note && ` ${note}`}`,
  method: 'tools/call',
  params: { name, arguments: args },
})
const prompt = (name: string, args: Json = {}): Step => ({
  label: `prompt ${name} ${JSON.stringify(args)}`,
  method: 'prompts/get',
  params: { name, arguments: args },
})
const read = (uri: string): Step => ({
  label: `resource ${uri}`,
  method: 'resources/read',
  params: { uri },
})
const complete = (ref: Json, argument: Json, context?: Json): Step => ({
  label: `completion of ${JSON.stringify([ref, argument])}`,
  method: 'completion/complete',
  params: { ref, argument, ...(context ? { context } : {}) },
})

const teamPrompt = { type: 'ref/prompt', name: 'completable-prompt' }
const resourcePrompt = { type: 'ref/prompt', name: 'resource-prompt' }
const textTemplate = { type: 'ref/resource', uri: 'demo://resource/dynamic/text/{resourceId}' }
const data = 'data:text/plain,what%20is%20to%20be%20compressed'

/** They make the list of resources longer: what a server registers must be listed by everybody alike. In order. */
export const registeringSteps: readonly Step[] = [
  tool('gzip-file-as-resource', { name: 'b.gz', data, outputType: 'resource' }, 'embedded'),
  tool('gzip-file-as-resource', { name: 'a.gz', data }, 'as a link'),
]

/** Requests that change nothing and ask nobody; any order, all at once. */
export const plainSteps: readonly Step[] = [
  { label: 'ping', method: 'ping', params: {} },
  tool('echo', { message: 'grüße \u2028\u2029 😀 "\\" \n\t' }),
  tool('echo', {}, 'without its argument'),
  tool('get-annotated-message', { messageType: 'error', includeImage: true }, 'error'),
  tool('get-annotated-message', { messageType: 'success' }, 'success'),
  tool('get-annotated-message', { messageType: 'debug' }, 'debug'),
  tool('get-env'),
  tool('get-resource-links', { count: 10 }),
  tool('get-resource-reference', { resourceType: 'Text', resourceId: 2 }, 'text'),
  tool('get-resource-reference', { resourceType: 'Blob', resourceId: 3 }, 'blob'),
  tool('get-resource-reference', { resourceType: 'Text', resourceId: -1 }, 'of a wrong id'),
  tool('get-structured-content', { location: 'New York' }),
  tool('get-structured-content', { location: 'Atlantis' }, 'of a wrong place'),
  tool('get-sum', { a: 1.5, b: 9007199254740991 }),
  tool('get-tiny-image'),
  tool('gzip-file-as-resource', { data: 'ftp://nowhere' }, 'of a wrong scheme'),
  tool('trigger-long-running-operation', { duration: 0.1, steps: 2 }),
  tool('simulate-research-query', { topic: 'x' }, 'without a task'),
  prompt('simple-prompt'),
  prompt('args-prompt', { city: 'Zürich' }),
  prompt('args-prompt', { city: 'Austin', state: 'Texas' }),
  prompt('args-prompt'),
  prompt('completable-prompt', { department: 'Sales', name: 'Eve' }),
  prompt('resource-prompt', { resourceType: 'Text', resourceId: '7' }),
  prompt('resource-prompt', { resourceType: 'Blob', resourceId: '8' }),
  prompt('resource-prompt', { resourceType: 'Text', resourceId: 'seven' }),
  read('demo://resource/dynamic/text/12'),
  read('demo://resource/dynamic/blob/13'),
  read('demo://resource/dynamic/text/none'),
  read('demo://resource/session/a.gz'),
  read('demo://resource/session/b.gz'),
  read('demo://nothing/here'),
  complete(teamPrompt, { name: 'department', value: '' }),
  complete(teamPrompt, { name: 'department', value: 'E' }),
  complete(teamPrompt, { name: 'name', value: 'H' }, { arguments: { department: 'Marketing' } }),
  complete(resourcePrompt, { name: 'resourceType', value: 'B' }),
  complete(textTemplate, { name: 'resourceId', value: '21' }),
  complete(textTemplate, { name: 'resourceId', value: 'x' }),
]

/** Requests during which the server asks the client, or that switch something on and off: one after another. */
export const lastingSteps: readonly Step[] = [
  tool('trigger-sampling-request', { prompt: 'Say something.', maxTokens: 7 }),
  tool('trigger-elicitation-request'),
  tool('trigger-url-elicitation', { url: 'https://example.com/', elicitationId: 'e1' }),
  // The server remembers that it has refused, and lets the second one pass.
  tool('trigger-url-elicitation', { url: 'https://example.com/2', errorPath: true }, 'refused'),
  tool('trigger-url-elicitation', { url: 'https://example.com/2', errorPath: true }, 'repeated'),
  tool('toggle-simulated-logging', {}, 'on'),
  tool('toggle-simulated-logging', {}, 'off'),
  tool('toggle-subscriber-updates', {}, 'on'),
  tool('toggle-subscriber-updates', {}, 'off'),
]

/** Only where names are untouched: methods that the aggregate does not know, and names that it does not have. */
const singleSteps: readonly Step[] = [
  tool('no-such-tool'),
  prompt('no-such-prompt'),
  complete({ type: 'ref/prompt', name: 'no-such-prompt' }, { name: 'x', value: '' }),
  { label: 'unknown method', method: 'no/such/method', params: { a: 1 } },
  { label: 'tasks/list', method: 'tasks/list', params: {} },
  { label: 'an unknown task', method: 'tasks/get', params: { taskId: 'none' } },
]

const listSteps: readonly Step[] = [
  { label: 'tools/list', method: 'tools/list', params: {} },
  { label: 'prompts/list', method: 'prompts/list', params: {} },
  { label: 'resources/list', method: 'resources/list', params: {} },
  { label: 'resources/templates/list', method: 'resources/templates/list', params: {} },
]

/** What a whole conversation got, by label, made comparable. `rename`: how names are changed on the way. */
export async function converse(
  client: SdkClient,
  { single = true, rename = (step: Step): Step => step } = {},
): Promise<Transcript> {
  const transcript: Transcript = {}
  const take = async (step: Step): Promise<unknown> => {
    const answer = await answerOf(client, rename(step))
    transcript[step.label] = comparable(step.label, answer)
    return answer
  }
  for (const step of registeringSteps) await take(step)
  await Promise.all(listSteps.map(take))
  const resources: unknown = transcript['resources/list']
  await Promise.all([
    ...[...plainSteps, ...(single ? singleSteps : [])].map(take),
    ...staticDocuments(resources).map((uri) => take(read(uri))),
  ])
  for (const step of lastingSteps) await take(step)
  return transcript
}

/** By the server's own names, whatever the list calls them. */
export function staticDocuments(resources: unknown): string[] {
  return [...JSON.stringify(resources).matchAll(/demo:\/\/resource\/static\/[^"]+/g)].map(
    ([uri]) => uri,
  )
}

/** A task from its creation to its result (2025-11-25 basic/utilities/tasks), with the question that it asks. */
export async function runTask(client: SdkClient): Promise<unknown> {
  const created = await client.request('tools/call', {
    name: 'simulate-research-query',
    arguments: { topic: 'python', ambiguous: true },
    task: { ttl: 60_000 },
  })
  const task = created['task']
  const taskId = typeof task === 'object' && task !== null && 'taskId' in task ? task.taskId : ''
  const result = await client.request('tasks/result', { taskId }, { timeout: 15_000 })
  const after = await client.request('tasks/get', { taskId })
  return comparable('task', { created, result, after })
}

/** Variables that the test gives the server; all others are the gateway's and the SDK's own business. */
export const environmentPrefix = 'EVERYTHING_'

/**
 * Without what differs between two runs of the server itself: the time at which a resource is made up, random UUIDs,
 * dates of tasks, and the variables that a process inherits from whoever starts it.
 */
export function comparable(label: string, value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, item: unknown) => {
      if (typeof item !== 'string') return item
      if (label === 'tool get-env' && key === 'text') return ownVariables(item)
      if (key === 'blob') {
        const text = Buffer.from(item, 'base64').toString()
        return text.startsWith('Resource ') ? withoutTime(text) : item
      }
      return withoutTime(item)
    }),
  )
}

function ownVariables(text: string): unknown {
  const all: Record<string, string> = JSON.parse(text)
  return Object.fromEntries(
    Object.entries(all).filter(([name]) => name.startsWith(environmentPrefix)),
  )
}
