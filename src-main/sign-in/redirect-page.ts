import { createHash } from 'node:crypto'

/** What became of a sign-in, for the person in the browser. */
export type RedirectOutcome = 'signed_in' | 'refused' | 'failed' | 'unknown'

const style =
  ':root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}body{max-width:32rem;margin:20vh auto 0;padding:0 1.5rem}h1{font-size:1.25rem}'

/** Nothing but our own style: what an issuer puts into the address never gets onto the page. */
export const redirectPageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  connection: 'close',
} as const

const words: Record<RedirectOutcome, readonly [title: string, text: (server: string) => string]> = {
  signed_in: [
    'Signed in',
    (server) => `The gateway is signed in to ${server}. You can close this page and go back.`,
  ],
  refused: [
    'Not signed in',
    (server) =>
      `Access to ${server} was not granted, so nothing has changed. You can close this page.`,
  ],
  failed: [
    'Not signed in',
    (server) =>
      `Signing in to ${server} came to nothing. Open MCP Gateway says why; try again from there. You can close this page.`,
  ],
  unknown: [
    'Nothing to do',
    () => 'This address belongs to no sign-in that is under way. You can close this page.',
  ],
}

export function redirectPage(outcome: RedirectOutcome, server: string): string {
  const [title, text] = words[outcome]
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><title>${title} – Open MCP Gateway</title><style>${style}</style></head><body><main><h1>${title}</h1><p>${escaped(text(server))}</p></main></body></html>\n`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
