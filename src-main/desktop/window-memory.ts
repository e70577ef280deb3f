import fs from 'node:fs'
import path from 'node:path'
import { z } from 'zod'

/** Device-independent pixels. */
const bounds = z.object({
  x: z.number().int(),
  y: z.number().int(),
  width: z.number().int().positive(),
  height: z.number().int().positive(),
})
export type Bounds = z.infer<typeof bounds>

const remembered = z.object({
  bounds,
  maximized: z.boolean(),
  /** The screen that was open: the address's fragment. */
  route: z
    .string()
    .regex(/^#\/[^\s]*$/)
    .max(2000)
    .or(z.literal('')),
})
export type WindowMemory = z.infer<typeof remembered>

/** How much of a window must be on a screen for its user to get hold of it. */
const graspable = { width: 120, height: 60 }

/** Undefined if there is none, or none that can be used. */
export function recallWindow(file: string): WindowMemory | undefined {
  try {
    return remembered.safeParse(JSON.parse(fs.readFileSync(file, 'utf8'))).data
  } catch {
    return undefined
  }
}

/** Whole or not at all. Throws if the folder cannot be written to. */
export function rememberWindow(file: string, memory: WindowMemory): void {
  const draft = `${file}.${process.pid}`
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(draft, JSON.stringify(memory))
  fs.renameSync(draft, file)
}

/** The remembered place if enough of it is on one of the screens; else the size alone, fitted into the first. */
export function placeOn(
  screens: readonly Bounds[],
  { bounds: wanted }: WindowMemory,
): { x?: number; y?: number; width: number; height: number } {
  const isReachable = screens.some((screen) => {
    const width = overlap(wanted.x, wanted.width, screen.x, screen.width)
    const height = overlap(wanted.y, wanted.height, screen.y, screen.height)
    // The title bar is what is taken hold of.
    return width >= graspable.width && height >= graspable.height && wanted.y >= screen.y
  })
  if (isReachable) return wanted
  const [first] = screens
  return {
    width: Math.min(wanted.width, first?.width ?? wanted.width),
    height: Math.min(wanted.height, first?.height ?? wanted.height),
  }
}

function overlap(from: number, size: number, otherFrom: number, otherSize: number): number {
  return Math.min(from + size, otherFrom + otherSize) - Math.max(from, otherFrom)
}
