import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Widget } from './widget'

createRoot(document.getElementById('chat') as HTMLElement).render(
  <StrictMode>
    <Widget />
  </StrictMode>,
)
