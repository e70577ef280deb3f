/** What people write from habit (Claude Desktop, Compose) where a catalog has another word. */
const habits: Record<string, string> = {
  cwd: 'working_dir',
  workdir: 'working_dir',
  cmd: 'command',
  arguments: 'args',
  environment: 'env',
  name: 'display_name',
  title: 'display_name',
  mcpservers: 'servers',
  autostart: 'always_on',
  timeout: 'request_timeout_seconds',
  disabled: 'enabled',
  endpoint: 'url',
  port: 'listen_addr',
  listen: 'listen_addr',
}

/** The known word that was probably meant, or undefined if none is near. */
function nearest(word: string, known: readonly string[]): string | undefined {
  const plain = normalise(word)
  const habit = Object.hasOwn(habits, plain) ? habits[plain] : undefined
  if (habit !== undefined && known.includes(habit)) return habit
  let best: string | undefined
  let bestDistance = Infinity
  for (const candidate of known) {
    const distance = editDistance(plain, normalise(candidate))
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  // A third of the letters may be wrong; more than that is another word.
  return bestDistance <= Math.max(1, Math.floor(plain.length / 3)) ? best : undefined
}

/** ` Did you mean 'command'?`, or what else there is. */
export function suggestion(word: string, known: readonly string[]): string {
  const near = nearest(word, known)
  if (near !== undefined) return ` Did you mean '${near}'?`
  return known.length === 0 ? '' : ` Known: ${known.join(', ')}.`
}

function normalise(word: string): string {
  return word.slice(0, 64).toLowerCase().replace(/[-_ ]/g, '')
}

/** Optimal string alignment: insert, delete, replace, swap two neighbours. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
      )
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1)
      }
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}
