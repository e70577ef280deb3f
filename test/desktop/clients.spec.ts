import fs from 'node:fs'
import path from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Page } from '@playwright/test'
import { expect, test } from './desktop-app.ts'
import { sampleServer } from './desktop-user.ts'
import type { DesktopUser } from './desktop-user.ts'

/** Cursor's file of a person who has written into it by hand. */
const before = `{
  // mine
  "mcpServers": {
    "notes": ${JSON.stringify(Reflect.get(sampleServer('notes'), 'runtime'))}
  }
}
`

interface Entry {
  command: string
  args: string[]
  env?: Record<string, string>
  url: string
  headers: Record<string, string>
}

function cursorFile(user: DesktopUser): string {
  const file = path.join(user.home, '.cursor', 'mcp.json')
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, before)
  return file
}

function entryIn(file: string): Entry {
  const text = fs.readFileSync(file, 'utf8').replace(/^\s*\/\/.*$/m, '')
  return JSON.parse(text).mcpServers.gateway
}

/** Runs the entry as the client does, and gives the names of its tools. */
async function toolsThrough(entry: Entry): Promise<string[]> {
  const client = new Client({ name: 'cursor', version: '1' })
  await client.connect(transportOf(entry))
  const { tools } = await client.listTools()
  await client.close()
  return tools.map(({ name }) => name).toSorted()
}

function transportOf({ command, args, env = {}, url, headers }: Entry) {
  if (url !== undefined)
    return new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } })
  if (process.platform === 'win32') return new StdioClientTransport({ command, args, env })
  // With the entry's own variables and nothing else.
  const given = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  return new StdioClientTransport({
    command: '/usr/bin/env',
    args: ['-i', ...given, command, ...args],
    cwd: '/',
  })
}

async function connect(page: Page, kind?: RegExp): Promise<void> {
  const dialog = page.getByRole('dialog')
  if (kind !== undefined) await dialog.getByRole('radio', { name: kind }).check()
  await dialog.getByRole('button', { name: 'Connect', exact: true }).click()
  await page.getByRole('dialog', { name: 'Cursor is connected' }).waitFor()
}

const sampleTools = ['sample__echo', 'sample__pid', 'sample__slow']

test('from the tray to a client that works, and back, byte for byte', async ({ user, launch }) => {
  test.slow()
  const file = cursorFile(user)
  const app = await launch()
  const page = await app.page()
  await app.tray.click('Connect clients…')
  await expect(page).toHaveTitle('Clients – Open MCP Gateway')
  await page.getByRole('button', { name: 'Connect Cursor' }).click()
  await expect(page.getByRole('dialog')).toContainText(file)
  await connect(page)
  expect(fs.readFileSync(file, 'utf8')).toContain('// mine')
  expect(await toolsThrough(entryIn(file))).toEqual(sampleTools)
  await expect(page.getByRole('dialog')).toContainText('Cursor has come to the gateway: it works.')
  await page.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('button', { name: 'Check now' }).click()
  const check = page.getByRole('region', { name: 'Check' })
  await expect(check).toContainText('Nothing is wrong.')
  await expect(check).toContainText('3 of 40 that it takes')

  await page.getByRole('button', { name: 'Disconnect' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click()
  await expect(page.getByRole('button', { name: 'Connect', exact: true })).toBeVisible()
  expect(fs.readFileSync(file, 'utf8')).toBe(before)

  await page.getByRole('button', { name: 'Connect', exact: true }).click()
  await connect(page, /HTTP address/)
  const entry = entryIn(file)
  expect(await toolsThrough(entry)).toEqual(sampleTools)
  await page.getByRole('button', { name: 'Done' }).click()
  await expect(page.getByRole('main')).not.toContainText('mcpgw_')
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(page.getByRole('button', { name: 'Connect', exact: true })).toBeVisible()
  expect(fs.readFileSync(file, 'utf8')).toBe(before)
  await expect(toolsThrough(entry)).rejects.toThrow()
})

test('a client’s servers move into the catalog, the gateway takes their place, and all of it goes back', async ({
  user,
  launch,
}) => {
  test.slow()
  const file = cursorFile(user)
  const catalog = '# Kept by hand.\nservers: []\n'
  fs.writeFileSync(user.catalog, catalog)
  const app = await launch()
  const page = await app.page()
  await page.getByRole('main').getByRole('button', { name: 'Import servers' }).click()
  const dialog = page.getByRole('dialog', { name: 'Import servers' })
  await dialog.getByRole('button', { name: 'Look for servers' }).click()
  await expect(dialog.getByRole('textbox', { name: 'ID of notes' })).toHaveValue('notes')
  await dialog.getByRole('checkbox', { name: /Replace 1 entry of Cursor/ }).check()
  await dialog.getByRole('button', { name: 'Import 1 server' }).click()
  const done = page.getByRole('dialog', { name: 'Imported' })
  await expect(done).toContainText('1 server in the catalog')
  expect(fs.readFileSync(user.catalog, 'utf8')).toContain('# Kept by hand.')
  expect(fs.readFileSync(file, 'utf8')).not.toContain('"notes"')
  expect(await toolsThrough(entryIn(file))).toEqual(['notes__echo', 'notes__pid', 'notes__slow'])

  await done.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('dialog', { name: 'Taken back' }).waitFor()
  expect(fs.readFileSync(file, 'utf8')).toBe(before)
  expect(fs.readFileSync(user.catalog, 'utf8')).toBe(catalog)
})
