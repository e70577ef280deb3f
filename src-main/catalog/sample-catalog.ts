import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { GatewayError } from '../../src-shared/errors.ts'
import { errorCode } from './file-error.ts'

export const sampleCatalog = `# The servers behind this gateway. Saved changes apply at once, without a restart.
servers: []
  # Take the "[]" away and uncomment what you need.
  #
  # - id: files                       # its tools are called files__read_text_file, …
  #   display_name: My documents
  #   tags: [local]
  #   runtime:
  #     type: local-process
  #     command: npx
  #     args: [-y, "@modelcontextprotocol/server-filesystem", "\${HOME}/Documents"]
  #
  # - id: database
  #   runtime: { type: local-process, command: postgres-mcp, args: [--transport, stdio] }
  #   env: { PGPASSWORD: "\${PGPASSWORD}" }   # from the environment; never written here
  #   idle_timeout_seconds: 600
  #   tools: { deny: ["drop_*"] }
  #
  # - id: notes                       # wants a sign-in: gateway auth notes
  #   runtime: { type: remote-http, url: https://notes.example.com/mcp }
  #
  # - id: tickets
  #   runtime:
  #     type: remote-http
  #     url: https://mcp.example.com/mcp
  #     headers: { Authorization: "Bearer \${TICKETS_TOKEN}" }
`

/**
 * Writes a commented catalog without servers, readable by its owner only (people put keys into it). Returns false,
 * and changes nothing, if the file is there already. Throws GatewayError `not_found` where none can be made.
 */
export async function createSampleCatalog(path: string): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeFile(path, sampleCatalog, { flag: 'wx', mode: 0o600 })
    return true
  } catch (thrown) {
    const code = errorCode(thrown)
    if (code === 'EEXIST') return false
    if (code === 'EROFS' || code === 'EACCES')
      throw new GatewayError(
        'not_found',
        `There is no catalog at ${path}, and none can be made there (${code === 'EROFS' ? 'read-only' : 'no permission'}). Put catalog.yaml there: in a container, mount a folder that has it.`,
        { cause: thrown },
      )
    throw thrown
  }
}
