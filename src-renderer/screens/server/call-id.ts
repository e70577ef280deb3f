/** Names a call in `call_progress` and `server.cancel`. Works where the page is not a secure context, too. */
export function newCallId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}
