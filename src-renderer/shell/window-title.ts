import { useMatches } from '@tanstack/react-router'
import { useEffect } from 'react'
import { screenWords } from '../../src-shared/action-words.ts'

/** The window is called after what it shows: "Logs – Open MCP Gateway". */
export function useWindowTitle(): void {
  const path = useMatches({ select: (matches) => matches.at(-1)?.pathname ?? '' })
  useEffect(() => {
    const [, screen = '', id] = path.split('/')
    const word = Object.entries(screenWords).find(([name]) => name === screen)?.[1]
    const title = id === undefined || id === '' ? word : decodeURIComponent(id)
    document.title = title === undefined ? 'Open MCP Gateway' : `${title} – Open MCP Gateway`
  }, [path])
}
