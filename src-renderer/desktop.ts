import type { DesktopState } from '../src-shared/api.ts'
import { useRead } from './queries.ts'

/** The desktop app around this window; undefined in a browser. A gateway that has none is not asked. */
export function useDesktop(): DesktopState | undefined {
  return useRead('desktop.get', {}, { enabled: window.openMcpGateway !== undefined }).data
}
