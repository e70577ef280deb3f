/** Waits for `promise`, at most `ms`; keeps the process alive so long, as what is ended must not outlive it. */
export async function atMost(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))
  await Promise.race([promise, limit]).finally(() => clearTimeout(timer))
}
