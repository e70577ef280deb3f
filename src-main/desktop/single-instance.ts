import { app } from 'electron'

/**
 * First of all: a second start of the app shows the window of the first one, and is over. False in the second; nothing
 * else may be done then.
 */
export function isFirstInstance(onSecond: () => void): boolean {
  if (!app.requestSingleInstanceLock()) {
    app.exit(0)
    return false
  }
  app.on('second-instance', onSecond)
  // macOS: a click on the icon of an app that runs.
  app.on('activate', onSecond)
  return true
}
