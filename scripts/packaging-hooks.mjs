/**
 * For electron-builder (electron-builder.yml): there are no node modules to collect or rebuild, since vite has
 * bundled everything. Without this answer it would pack the dependencies of the whole checkout.
 */
export function beforeBuild() {
  return false
}
