import fs from 'node:fs'
import type { Display, NativeImage, NativeTheme, Screen, Shell } from 'electron'
import { strict, StrictEmitter } from './strict.ts'

const imageType: Pick<NativeImage, 'isEmpty' | 'setTemplateImage'> = {
  isEmpty: () => false,
  setTemplateImage: () => {},
}

/** Pictures are files that must be there and be pictures; nobody sees them. */
export const nativeImage = strict('nativeImage', {
  createFromPath(file: string) {
    const isPicture = isPng(file) || isIcon(file)
    return strict('NativeImage', { ...imageType, isEmpty: () => !isPicture, file })
  },
})

const pngMark = '89504e470d0a1a0a'

function isPng(file: string): boolean {
  return head(file, 8) === pngMark
}

function isIcon(file: string): boolean {
  return head(file, 4) === '00000100'
}

function head(file: string, bytes: number): string {
  try {
    return fs.readFileSync(file).subarray(0, bytes).toString('hex')
  } catch {
    return ''
  }
}

class Theme
  extends StrictEmitter
  implements Pick<NativeTheme, 'shouldUseDarkColors' | 'shouldUseDarkColorsForSystemIntegratedUI'>
{
  shouldUseDarkColors = false
  shouldUseDarkColorsForSystemIntegratedUI = false

  constructor() {
    super('nativeTheme', ['updated'])
  }
}
export const nativeTheme = strict('nativeTheme', new Theme())

/** Nothing is opened. */
export const shell = strict('shell', {
  openExternal: async () => {},
} satisfies Pick<Shell, 'openExternal'>)

type Monitor = Pick<Display, 'id' | 'bounds' | 'workArea' | 'scaleFactor'>

const display: Monitor = {
  id: 1,
  bounds: { x: 0, y: 0, width: 1920, height: 1080 },
  workArea: { x: 0, y: 0, width: 1920, height: 1040 },
  scaleFactor: 1,
}

export const screen = strict('screen', {
  getAllDisplays: () => [strict('Display', display)],
  getPrimaryDisplay: () => strict('Display', display),
} satisfies { [K in keyof Pick<Screen, 'getAllDisplays' | 'getPrimaryDisplay'>]: () => unknown })

/** Specs emit these. */
export const powerMonitor = strict(
  'powerMonitor',
  new StrictEmitter('powerMonitor', ['suspend', 'resume', 'shutdown']),
)
