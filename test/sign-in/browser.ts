/** Where a browser has ended up. */
export interface Page {
  url: URL
  status: number
  headers: Headers
  text: string
}

/** Opens a link as a browser does, with cookies, through all redirects; `until`: an address that is not opened. */
export async function browse(link: string, until?: (url: URL) => boolean): Promise<Page> {
  const cookies = new Map<string, string>()
  let url = new URL(link)
  for (let hops = 0; hops < 20; hops++) {
    if (until?.(url) === true) return { url, status: 0, headers: new Headers(), text: '' }
    const answer = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    })
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      cookies.set(name, value)
    }
    const location = answer.headers.get('location')
    if (location === null)
      return { url, status: answer.status, headers: answer.headers, text: await answer.text() }
    await answer.body?.cancel()
    url = new URL(location, url)
  }
  throw new Error('Redirected without an end.')
}

/** The address that the browser is sent to at the end. */
export function isCallback(url: URL): boolean {
  return url.pathname === '/callback'
}
