import { GatewayError } from '../../src-shared/errors.ts'
import { findServer } from '../mcp/server-directory.ts'
import type { Server } from '../servers/server.ts'
import type { ServerSignIn } from '../sign-in/server-sign-in.ts'
import { signInOf } from '../sign-in/sign-in-servers.ts'
import type { Parts, ProceduresOf } from './context.ts'
import { rowOf } from './server-rows.ts'

/** `sign_in.*`: signing in to remote servers. */
export function signInProcedures({ gateway, redact }: Parts): ProceduresOf<'sign_in'> {
  const { signIns, servers, clock } = gateway
  const row = (server: Server) => rowOf(server, clock, redact)

  async function find(id: string): Promise<{ server: Server; signIn: ServerSignIn }> {
    const server = findServer(servers, id)
    const signIn = signIns && (await signInOf(signIns, server))
    if (signIn) return { server, signIn }
    throw new GatewayError(
      'bad_request',
      `${id} has no sign-in: it is no remote server, or its url or headers say who we are.`,
    )
  }

  return {
    'sign_in.start': async ({ id }) => {
      const { server, signIn } = await find(id)
      // Only the server's own refusal says where to sign in, and for what.
      if (signIn.view === null)
        await server.start().catch((error: unknown) => {
          if (!(error instanceof GatewayError) || error.code !== 'sign_in_needed') throw error
        })
      return signIn.start()
    },
    'sign_in.finish': async ({ id, redirect_url }) => {
      const { server, signIn } = await find(id)
      await signIn.finish(redirect_url)
      return row(server)
    },
    'sign_in.cancel': async ({ id }) => {
      const { server, signIn } = await find(id)
      await signIn.cancel()
      return row(server)
    },
    'sign_in.sign_out': async ({ id }) => {
      const { server, signIn } = await find(id)
      const note = await signIn.signOut()
      return { server: row(server), note: note === null ? null : redact(note) }
    },
  }
}
