import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { endProcess, nodeServer, Place, program, serverProgram } from './gateway-program.ts'
import { closeClients, connect } from './sdk-client.ts'
import type { SdkClient } from './sdk-client.ts'

let place: Place

beforeAll(async () => {
  place = await Place.make()
  await place.install([
    nodeServer('everything', [serverProgram.everything, 'stdio']),
    nodeServer('memory', [serverProgram.memory], {
      env: { MEMORY_FILE_PATH: place.file('memory.jsonl') },
    }),
    nodeServer('filesystem', [serverProgram.filesystem, place.home]),
  ])
})

afterAll(async () => {
  await closeClients()
  await place.end()
})

async function serverProcesses(): Promise<number[]> {
  const all = await Promise.all(Object.values(serverProgram).map((file) => place.processesOf(file)))
  return all.flat()
}

async function allNames(client: SdkClient): Promise<string[]> {
  const all = await Promise.all([
    client.list('tools'),
    client.list('prompts'),
    client.list('resources'),
    client.list('resourceTemplates'),
  ])
  return all.flat().map(({ name }) => String(name))
}

test('twenty clients at login start one gateway and no server; the first call starts the one it is for', async () => {
  // The day before: one client has seen everything.
  const before = await connect('v1', { command: place.shim() })
  const names = await allNames(before)
  expect(names.length).toBeGreaterThan(40)
  expect((await serverProcesses()).length).toBe(3)
  await before.close()
  const first = await place.gatewayPid()
  if (first === undefined) throw new Error('No gateway runs.')
  await endProcess(first)
  expect(place.processes()).toEqual([])

  // Login. A client opens the whole catalog or one server; both SDKs are about.
  const clients = await Promise.all(
    Array.from({ length: 20 }, (_, i) => {
      const args = i % 4 === 3 ? ['--server', 'memory'] : ['--client', `client-${i}`]
      return connect(i % 2 === 0 ? 'v1' : 'v2', { command: place.shim(...args) })
    }),
  )
  const lists = await Promise.all(
    clients.map((client, i) => (i % 4 === 3 ? client.list('tools') : allNames(client))),
  )
  for (const [i, list] of lists.entries())
    if (i % 4 === 3) expect(list).toHaveLength(9)
    else expect(list).toEqual(names)
  expect(await serverProcesses()).toEqual([])
  expect(await place.processesOf(program.shim)).toHaveLength(20)
  expect(await place.processesOf(program.http)).toHaveLength(1)
  expect(place.processes()).toHaveLength(21)

  const [client, other] = clients
  if (client === undefined || other === undefined) throw new Error('No client.')
  const question = { name: 'everything__echo', arguments: { message: 'hello' } }
  const answers = await Promise.all(
    [client, other].map((asking) => asking.request('tools/call', question)),
  )
  for (const answer of answers)
    expect(answer).toEqual({ content: [{ type: 'text', text: 'Echo: hello' }] })
  expect(await serverProcesses()).toEqual(await place.processesOf(serverProgram.everything))
  expect(await serverProcesses()).toHaveLength(1)

  await closeClients()
  await vi.waitFor(async () => expect(await place.processesOf(program.shim)).toEqual([]), {
    timeout: 5_000,
  })
}, 60_000)
