import fs from 'node:fs'
import path from 'node:path'

interface Start {
  argv: string[]
  cwd: string
}

/**
 * One app per folder of data, among stand-ins. Electron's lock answers at once, so it is made of files: a later start
 * leaves a message in the folder that the first one watches.
 */
export class InstanceLock {
  private folder: string | undefined
  private watcher: fs.FSWatcher | undefined

  take(folder: string, onSecond: (start: Start) => void): boolean {
    fs.mkdirSync(folder, { recursive: true })
    const lock = path.join(folder, 'lock')
    for (;;) {
      try {
        fs.writeFileSync(lock, String(process.pid), { flag: 'wx' })
        break
      } catch {
        const holder = Number(readText(lock))
        if (holder > 0 && isAlive(holder)) {
          const message: Start = { argv: process.argv, cwd: process.cwd() }
          const draft = path.join(folder, `draft-${process.pid}`)
          fs.writeFileSync(draft, JSON.stringify(message))
          fs.renameSync(draft, path.join(folder, `start-${process.pid}`))
          return false
        }
        fs.rmSync(lock, { force: true })
      }
    }
    this.folder = folder
    this.watcher = fs.watch(folder, (_event, name) => {
      const file = name?.startsWith('start-') === true ? path.join(folder, name) : undefined
      const text = file === undefined ? '' : readText(file)
      if (file === undefined || text === '') return
      fs.rmSync(file, { force: true })
      onSecond(JSON.parse(text))
    })
    return true
  }

  release(): void {
    this.watcher?.close()
    if (this.folder !== undefined) fs.rmSync(this.folder, { recursive: true, force: true })
  }
}

function readText(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
