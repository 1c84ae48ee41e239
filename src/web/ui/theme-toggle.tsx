'use client'

import { Monitor, Moon, Sun } from 'lucide-react'
import { useState } from 'react'
import { IconButton } from './button'
import { type Theme, themeCookie } from './theme'

const next: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' }
const icons = { system: Monitor, light: Sun, dark: Moon }

/** Each press switches to the next theme: system, light, dark. */
export function ThemeToggle({ initial }: { initial: Theme }) {
  const [theme, setTheme] = useState(initial)
  const Icon = icons[theme]
  return (
    <IconButton
      label={`Theme: ${theme}`}
      onClick={() => {
        applyTheme(next[theme])
        setTheme(next[theme])
      }}
    >
      <Icon />
    </IconButton>
  )
}

/** The server reads the cookie and sets the class, so that a page never flashes in the wrong theme. */
function applyTheme(theme: Theme) {
  document.documentElement.classList.remove('light', 'dark')
  if (theme !== 'system') document.documentElement.classList.add(theme)
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is too new to lean on
  document.cookie = `${themeCookie}=${theme}; Path=/; Max-Age=31536000; SameSite=Lax`
}
