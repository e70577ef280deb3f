import { z } from 'zod'

/** What is kept of a server's sign-in, as a secret: the client that we are at its issuer, the tokens, and a link that is out. */

const client = z.object({
  /** `issuer` of the metadata that it belongs to: another issuer never sees it. */
  issuer: z.string(),
  /** `catalog`: its secret stands there. `document`: its id is the address of our metadata document. */
  kind: z.enum(['catalog', 'document', 'registered']),
  client_id: z.string(),
  client_secret: z.string().optional(),
  token_endpoint_auth_method: z.string().optional(),
  /** Seconds since 1970; 0 or absent: never. */
  client_secret_expires_at: z.number().optional(),
  redirect_port: z.number(),
  /** What it may ask for; absent: not said. */
  scopes: z.array(z.string()).optional(),
})

/** Where it was asked: what a token request needs besides the client. */
const origin = z.object({
  /** The server's URL at that time; for another one it counts for nothing. */
  url: z.string(),
  /** As the server names it; what the metadata is looked up by. */
  authorization_server: z.string(),
  issuer: z.string(),
  /** The resource indicator (RFC 8707). */
  resource: z.string(),
  /** What was asked for. */
  requested: z.array(z.string()),
  client,
})

const grant = origin.extend({
  access_token: z.string(),
  refresh_token: z.string().optional(),
  /** Milliseconds since 1970, by our clock; absent: not said. */
  expires_at: z.number().optional(),
  /** Milliseconds since 1970: when it came. */
  issued_at: z.number(),
  scopes: z.array(z.string()),
  account: z.string().optional(),
})

const flow = origin.extend({
  state: z.string(),
  code_verifier: z.string(),
  link: z.string(),
  /** Milliseconds since 1970. */
  expires_at: z.number(),
})

export const signInRecord = z.object({
  version: z.literal(1),
  /** Names that differ in case alone may be one in a keychain. */
  server_id: z.string(),
  client: client.optional(),
  grant: grant.optional(),
  flow: flow.optional(),
})

export type IssuedClient = z.output<typeof client>
export type Grant = z.output<typeof grant>
export type Flow = z.output<typeof flow>
export type SignInRecord = z.output<typeof signInRecord>

/** What may be shown of it, in a file of its own: to look at it, no keychain has to be asked. */
const note = z.object({
  /** The catalog that the server stands in: it alone can say that the server is gone. */
  catalog: z.string(),
  url: z.string(),
  issuer: z.string(),
  /** Null: nobody is signed in. */
  grant: z
    .object({
      scopes: z.array(z.string()),
      account: z.string().nullable(),
      expires_at: z.number().nullable(),
      renews: z.boolean(),
    })
    .nullable(),
  /** A link is out until then (milliseconds since 1970). */
  flow_until: z.number().nullable(),
})

export const signInNotes = z.object({ version: z.literal(1), servers: z.record(z.string(), note) })
export type SignInNote = z.output<typeof note>
