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
const session = await openSession()
createRoot(place).render(
  <StrictMode>
    <App gateway={connectGateway(session)} session={session} />
  </StrictMode>,
)
