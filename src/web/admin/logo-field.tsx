import { ImageUp } from 'lucide-react'
import { type ChangeEvent, useRef, useState } from 'react'
import { limits } from '../../contract/rules'
import { Button } from '../ui/button'
import { LogoImage, Mark } from '../ui/mark'

interface LogoFieldProps {
  /** The path of the one in use; null for Roomline's own. */
  current: string | null
  /** A data URL that is not saved yet; null to remove the logo, undefined to keep it. */
  chosen: string | null | undefined
  error: string | undefined
  onChoose(logo: string | null | undefined): void
}

/** Chooses an image, and shows how it will look on a light and a dark page. */
export function LogoField({ current, chosen, error, onChoose }: LogoFieldProps) {
  const input = useRef<HTMLInputElement>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const shown = chosen === undefined ? current : chosen

  async function choose(event: ChangeEvent<HTMLInputElement>) {
    const [file] = event.target.files ?? []
    // The same file can be chosen again.
    event.target.value = ''
    if (!file) return
    const logo = await shrink(file).catch(() => null)
    setProblem(logo ? null : "This file isn't an image that your browser can read. Try a PNG, JPEG or WebP.")
    if (logo) onChoose(logo)
  }

  return (
    <fieldset>
      <legend className="mb-1 font-medium text-sm">Logo</legend>
      <div className="flex flex-wrap items-center gap-4">
        <div className="flex gap-2">
          {(['light', 'dark'] as const).map((theme) => (
            <span
              key={theme}
              className={`${theme === 'light' ? 'bg-canvas-light' : 'bg-canvas-dark'} flex size-16 items-center justify-center rounded-m border border-line`}
            >
              {shown ? <LogoImage path={shown} className="size-10" /> : <Mark className="size-10" />}
            </span>
          ))}
        </div>
        <input ref={input} type="file" accept="image/png,image/jpeg,image/webp" aria-label="Logo file" hidden onChange={choose} />
        <div className="flex flex-wrap gap-2">
          <Button look="outline" onClick={() => input.current?.click()}>
            <ImageUp aria-hidden="true" className="size-4" />
            Choose an image…
          </Button>
          {shown !== null && (
            <Button
              look="quiet"
              onClick={() => {
                setProblem(null)
                onChoose(current === null ? undefined : null)
              }}
            >
              Remove logo
            </Button>
          )}
        </div>
      </div>
      {/* Announced, because the field that it is about has no focus. */}
      <p role="status" className={`mt-1.5 text-sm ${problem || error ? 'text-danger' : 'text-faint'}`}>
        {problem ??
          error ??
          (chosen === undefined ? 'Square images look best. Large ones are made smaller.' : 'Save the settings to use it.')}
      </p>
    </fieldset>
  )
}

const maxPixels = 256

/** The image, scaled down to what a logo needs. PNG keeps its edges sharp; a photo may be too big for it. */
async function shrink(file: Blob): Promise<string | null> {
  const image = await createImageBitmap(file)
  const scale = Math.min(1, maxPixels / Math.max(image.width, image.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(image.width * scale))
  canvas.height = Math.max(1, Math.round(image.height * scale))
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height)
  image.close()
  const forms = [['image/png'], ['image/webp', 0.9], ['image/jpeg', 0.8]] as const
  return forms.map(([type, quality]) => canvas.toDataURL(type, quality)).find((url) => url.length <= limits.logoDataUrl) ?? null
}
