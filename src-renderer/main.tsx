import './styles/app.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { openSession } from './carriers/session.ts'
import { connectGateway } from './gateway-client.ts'
import { applyTheme } from './theme.ts'

applyTheme()
const place = document.getElementById('root')
if (place === null) throw new Error('index.html has no #root.')
// The first screen comes while the link is exchanged; the router finds it loaded.
void import('./screens/servers/servers-screen.tsx')
const session = await openSession()
createRoot(place).render(
  <StrictMode>
    <App gateway={connectGateway(session)} session={session} />
  </StrictMode>,
)
