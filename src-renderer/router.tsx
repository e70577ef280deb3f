import {
  createHashHistory,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router'
import { text } from './search-params.ts'
import { Shell } from './shell/shell.tsx'
import { CrashScreen } from './shell/crash-screen.tsx'

const root = createRootRoute({ component: Shell, errorComponent: CrashScreen })

const index = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/servers' })
  },
})

const servers = createRoute({
  getParentRoute: () => root,
  path: '/servers',
  validateSearch: (search) => ({
    ...text(search, 'q'),
    ...text(search, 'tag'),
    ...text(search, 'state'),
  }),
  component: lazyRouteComponent(
    () => import('./screens/servers/servers-screen.tsx'),
    'ServersScreen',
  ),
})

const server = createRoute({
  getParentRoute: () => servers,
  path: '/$id',
  /** `tab`: which one is open; `item`: the tool, resource or prompt chosen in it. */
  validateSearch: (search) => ({ ...text(search, 'tab'), ...text(search, 'item') }),
  component: lazyRouteComponent(() => import('./screens/server/server-screen.tsx'), 'ServerScreen'),
})

const activity = createRoute({
  getParentRoute: () => root,
  path: '/activity',
  validateSearch: (search) => ({
    ...text(search, 'server'),
    ...text(search, 'client'),
    ...text(search, 'outcome'),
    ...text(search, 'q'),
    ...text(search, 'entry'),
  }),
  component: lazyRouteComponent(
    () => import('./screens/activity/activity-screen.tsx'),
    'ActivityScreen',
  ),
})

const catalog = createRoute({
  getParentRoute: () => root,
  path: '/catalog',
  /** `add=1` opens the add flow; `line` and `server` say where the editor goes. */
  validateSearch: (search) => ({
    ...text(search, 'add'),
    ...text(search, 'line'),
    ...text(search, 'server'),
  }),
  component: lazyRouteComponent(
    () => import('./screens/catalog/catalog-screen.tsx'),
    'CatalogScreen',
  ),
})

const clients = createRoute({
  getParentRoute: () => root,
  path: '/clients',
  /** `scope`: which are listed. `import=1` opens the import, `grant=1` the dialog that gives access. */
  validateSearch: (search) => ({
    ...text(search, 'q'),
    ...text(search, 'scope'),
    ...text(search, 'import'),
    ...text(search, 'grant'),
  }),
  component: lazyRouteComponent(
    () => import('./screens/clients/clients-screen.tsx'),
    'ClientsScreen',
  ),
})

const client = createRoute({
  getParentRoute: () => clients,
  path: '/$id',
  /** `connect=1` opens the dialog with the preview. */
  validateSearch: (search) => ({ ...text(search, 'tab'), ...text(search, 'connect') }),
  component: lazyRouteComponent(
    () => import('./screens/clients/client-screen.tsx'),
    'ClientScreen',
  ),
})

const logs = createRoute({
  getParentRoute: () => root,
  path: '/logs',
  validateSearch: (search) => ({
    ...text(search, 'server'),
    ...text(search, 'level'),
    ...text(search, 'q'),
  }),
  component: lazyRouteComponent(() => import('./screens/logs/logs-screen.tsx'), 'LogsScreen'),
})

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazyRouteComponent(
    () => import('./screens/settings/settings-screen.tsx'),
    'SettingsScreen',
  ),
})

const routeTree = root.addChildren([
  index,
  servers.addChildren([server]),
  activity,
  catalog,
  clients.addChildren([client]),
  logs,
  settings,
])

/** Hash history: the same files work under http://…/ui/ and app://gateway/. */
export const router = createRouter({
  routeTree,
  history: createHashHistory(),
  defaultPreload: 'intent',
  defaultErrorComponent: CrashScreen,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
