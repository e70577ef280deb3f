import { access, readFile } from 'node:fs/promises'
import os from 'node:os'
import type { ContainerFacts, Engine } from './engine.ts'

/** The container that the gateway itself runs in, as an engine sees it. */
export interface OwnContainer {
  /** Those with an address of ours. */
  networks: string[]
  /** What of the engine's machine is mounted where. */
  mounts: { source: string; target: string }[]
}

/**
 * Finds the gateway's own container on this engine; undefined where it runs in none, or in one of another engine. Never
 * rejects.
 */
export async function findOwnContainer(engine: Engine): Promise<OwnContainer | undefined> {
  if (!(await isInContainer())) return undefined
  for (const id of await possibleIds()) {
    const facts = await engine.inspect(id).catch(() => undefined)
    if (facts?.State.Running === true) return described(facts)
  }
  return undefined
}

async function isInContainer(): Promise<boolean> {
  const marks = ['/.dockerenv', '/run/.containerenv']
  const found = await Promise.all(
    marks.map((mark) =>
      access(mark).then(
        () => true,
        () => false,
      ),
    ),
  )
  return found.includes(true)
}

/**
 * The files that every engine mounts (`/etc/hostname`, …) come from a folder named after the container. Other mounts
 * with such a folder are of containers that run on this machine.
 */
async function possibleIds(): Promise<string[]> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '')
  const ids = mounts.split('\n').flatMap((line) => {
    const [, , , source = '', target = ''] = line.split(' ')
    if (!/^\/etc\/(?:hostname|hosts|resolv\.conf)$/.test(target)) return []
    return /containers\/([0-9a-f]{64})\//.exec(source)?.[1] ?? []
  })
  return [...new Set([...ids, os.hostname()])]
}

function described({ Mounts, NetworkSettings }: ContainerFacts): OwnContainer {
  return {
    networks: Object.entries(NetworkSettings.Networks ?? {}).flatMap(([name, network]) =>
      network && network.IPAddress !== '' ? [name] : [],
    ),
    mounts: (Mounts ?? []).flatMap(({ Source, Destination }) =>
      Source === '' ? [] : [{ source: Source, target: Destination }],
    ),
  }
}

/** A path of ours as the engine's machine has it; undefined if it is in no mount. */
export function pathOnEngine({ mounts }: OwnContainer, place: string): string | undefined {
  const [nearest] = mounts
    .filter(({ target }) => place === target || place.startsWith(`${target}/`))
    .toSorted((a, b) => b.target.length - a.target.length)
  return nearest && nearest.source + place.slice(nearest.target.length)
}
