/**
 * `npm start`: a first look, on the sample catalog of examples/quickstart. Opens the desktop app where Electron is, or
 * can be had; else the gateway runs in this terminal, with the same dashboard in the browser. `--headless` forces that.
 */
import { buildIfStale } from './build-if-stale.mjs'
import { downloadElectron, findElectron, whyNoDesktop } from './electron-binary.mjs'
import { startDesktop } from './start-desktop.mjs'
import { startHeadless } from './start-headless.mjs'

const args = process.argv.slice(2)
const isHeadless = args.includes('--headless')

buildIfStale()
if (isHeadless) await startHeadless(args.filter((one) => one !== '--headless'))
else {
  const why = await openDesktop()
  if (why !== undefined) {
    process.stdout.write(
      `Without the desktop app, since ${why}. Its dashboard is in the browser.\n`,
    )
    await startHeadless(args)
  }
}

/** Undefined once it is open, else the reason why it cannot be. */
async function openDesktop() {
  try {
    if (findElectron() === undefined) {
      const why = whyNoDesktop()
      if (why !== undefined) return why
      await downloadElectron()
    }
  } catch (error) {
    return `Electron could not be had: ${error.message}`
  }
  const failed = await startDesktop(findElectron(), args)
  return failed === undefined ? undefined : `it did not open: ${failed}`
}
