/** Every picture that is made from resources/icons/*.svg: what `npm run icons` writes and the test expects. */

/** States in the tray, by the worst server: the same marks as in the window. */
export const trayStates = ['running', 'changing', 'stopped', 'attention', 'unhealthy']

const black = '#000000'
const white = '#ffffff'

/** macOS draws template images itself, in the colour of the menu bar. */
const templates = trayStates.flatMap((state) => [
  png(`tray/${state}Template.png`, trayLayer(state, black, 16)),
  png(`tray/${state}Template@2x.png`, trayLayer(state, black, 32)),
])

const bars = trayStates.flatMap((state) =>
  [
    [`${state}-on-light`, black],
    [`${state}-on-dark`, white],
  ].flatMap(([name, color]) => [
    {
      file: `tray/${name}.ico`,
      kind: 'ico',
      layers: [16, 20, 24, 32, 40, 48].map((size) => trayLayer(state, color, size)),
    },
    ...[16, 22, 24, 32, 48].map((size) =>
      png(`tray/${name}-${size}.png`, trayLayer(state, color, size)),
    ),
  ]),
)

/** Apple's grid: on a canvas of 1024 the body takes 824. */
const appleMargin = 100 / 1024

const app = [
  ...[16, 24, 32, 48, 64, 128, 256, 512, 1024].map((size) =>
    png(`app/${size}x${size}.png`, appLayer(size)),
  ),
  {
    file: 'app/icon.ico',
    kind: 'ico',
    layers: [16, 20, 24, 32, 40, 48, 64, 128, 256].map((size) => appLayer(size)),
  },
  {
    file: 'app/icon.icns',
    kind: 'icns',
    layers: [16, 32, 64, 128, 256, 512, 1024].map((size) => appLayer(size, appleMargin)),
  },
]

/** Paths are below resources/, sizes in pixels. */
export const iconFiles = [...templates, ...bars, ...app]

function png(file, layer) {
  return { file, kind: 'png', layers: [layer] }
}

function trayLayer(state, color, size) {
  const source = size % 16 === 0 ? 'tray-16.svg' : 'tray-22.svg'
  // 24 px is the drawing for 22 with a pixel around it: nothing falls between pixels.
  return { source, state, color, size, margin: size === 24 ? 1 / 24 : 0 }
}

function appLayer(size, margin = 0) {
  const source = size < 40 ? 'app-small.svg' : 'app.svg'
  return { source, size, margin }
}
