import path from 'node:path'

/** For programs that are started often from their sources: Node keeps what it has made of them. */
export const withCompileCache: NodeJS.ProcessEnv = {
  ...process.env,
  NODE_COMPILE_CACHE: path.join(import.meta.dirname, '..', '..', '.build', 'compile-cache'),
}
